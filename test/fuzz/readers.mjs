// What is fuzzed: each reader makes one damaged input from `random` and reads it the way a program would.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { convert, inspect, RoFormer, Tokenizer } from "../../dist/index.js";
import { readRows } from "../../dist/train/index.js";
import {
  below,
  mutateBytes,
  mutateJson,
  mutateJsonFile,
  mutateNumbers,
  mutateSafetensors,
  mutateText,
  pick,
} from "./mutations.mjs";

const GOLDEN = fileURLToPath(new URL("../golden", import.meta.url));
const TEXTS = ["a joy ＡＢＣ é 北京大学 \u0000\ufffd\ud83d\ude00", "x".repeat(300), "", "  ", "[CLS] [MASK]"];
const WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "joy", "x", "##x", "é", "北", "京", "0", "."];
const HEADS = [
  ...["base", "masked-lm", "causal-lm", "sequence-classification"],
  ...["token-classification", "question-answering", "multiple-choice"],
];

/** A small classifier's folder, by file. */
export async function smallModel() {
  const tokenizer = await Tokenizer.load(new Map([["vocab.txt", new Blob([WORDS.join("\n")])]]));
  const sizes = {
    vocab_size: 15,
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 16,
  };
  const labels = { id2label: { 0: "no", 1: "yes" }, label2id: { no: 0, yes: 1 } };
  const config = { ...sizes, ...labels, max_position_embeddings: 64 };
  const model = RoFormer.create(config, { head: "sequence-classification", seed: 1, tokenizer });
  const files = new Map();
  for (const [name, blob] of await model.files()) files.set(name, Buffer.from(await blob.arrayBuffer()));
  model.close();
  return files;
}

const blobs = (files) => new Map([...files].map(([name, bytes]) => [name, new Blob([bytes])]));

/** Files of that name in the golden folders of one kind, small enough to be read often. */
function goldenFiles(kind, name) {
  const folders = readdirSync(`${GOLDEN}/${kind}`).map((folder) => `${GOLDEN}/${kind}/${folder}`);
  const found = folders.filter((folder) => existsSync(`${folder}/${name}`));
  return found
    .map((folder) => ({ folder, bytes: readFileSync(`${folder}/${name}`) }))
    .filter(({ bytes }) => bytes.length < 400_000);
}

const pickles = goldenFiles("checkpoint_formats", "pytorch_model.bin");
const tokenizers = goldenFiles("tokenizers", "tokenizer.json");

const TABLES = {
  "a.csv": 'text,label\n"a ""b"" c",yes\n"two\nlines",no\nplain,yes\n',
  "a.tsv": 'text\tlabel\na b\tyes\nc "d\tno\n',
  "a.jsonl": '{"text":"a","label":1}\n{"text":"b\\u0041","label":true}\n',
  "a.json": '[{"text":"a","label":1},{"text":"b","label":"x"}]',
  "a.squad.json":
    '{"data":[{"title":"t","paragraphs":[{"context":"a b","qas":[{"id":"1","question":"q","answers":[{"text":"b","answer_start":2}]}]}]}]}',
  "a.conll": "-DOCSTART- -X- O\n\n# id 1\na NN B-X\nb NN I-X\n\nc NN O\n",
  "a.txt": "one\r\ntwo\n\nthree",
};

async function predict(model) {
  try {
    model.forward({ inputIds: [[1, 2, 3]] });
    if (model.tokenizer && model.head === "sequence-classification") await model.classify(TEXTS[0]);
  } finally {
    model.close();
  }
}

function encodeAll(tokenizer) {
  for (const text of TEXTS) tokenizer.decode(tokenizer.encode(text).ids);
  tokenizer.encodeBatch(TEXTS, { truncation: true, maxLength: 8 });
  tokenizer.files();
}

/** A rotary setting with one value that no program writes. */
function ropeParameters(random) {
  const odd = () => pick(random, [2, 0, -1, 1e308, 1e-320, 7, 0.5]);
  const kinds = [
    { rope_type: "linear", factor: odd() },
    { rope_type: "yarn", factor: odd(), original_max_position_embeddings: odd() },
    { rope_type: "dynamic", factor: odd(), rope_theta: odd() },
    { rope_type: "longrope", short_factor: [1, odd()], long_factor: [1, odd()], factor: odd() },
    {
      rope_type: "llama3",
      factor: 8,
      low_freq_factor: odd(),
      high_freq_factor: odd(),
      original_max_position_embeddings: 8192,
    },
    { rope_type: "proportional", partial_rotary_factor: odd() },
  ];
  return pick(random, kinds);
}

function extension(random) {
  const attentions = ["softmax", "linear-elu", "linear-relu", "linear-shen", "performer", "performer-relu"];
  return {
    attention: pick(random, attentions),
    rotation: pick(random, ["eq19", "rotate-before", "rotate-both"]),
    num_random_features: pick(random, [1, 7, 64, undefined]),
    kernel_epsilon: pick(random, [0, 1e30, 1e-30, undefined]),
    ...(random() < 0.5 && { rope_parameters: ropeParameters(random) }),
  };
}

/** Numbers of the largest model that is made: about a second's work. */
const LARGEST = 2 ** 24;

/** About how many numbers a model has, as far as two fields decide it. */
function numbersOf(config) {
  const { vocab_size = 0, hidden_size = 0, max_position_embeddings = 0, type_vocab_size = 0 } = config ?? {};
  return Math.max(vocab_size, max_position_embeddings, type_vocab_size) * Math.max(16, hidden_size);
}

/** The readers by name. `base`: the files of {@link smallModel}. */
export const readers = {
  async safetensors(random, base) {
    const damage = random() < 0.1 ? mutateNumbers : mutateSafetensors;
    const files = new Map([...base, ["model.safetensors", damage(random, base.get("model.safetensors"))]]);
    await predict(await RoFormer.load(blobs(files), pick(random, [{}, {}, { strict: false }, { int8: true }])));
  },
  async pickle(random, base) {
    const { folder, bytes } = pick(random, pickles);
    const config = `${folder}/config.json`;
    const files = new Map([
      ["config.json", existsSync(config) ? readFileSync(config) : base.get("config.json")],
      ["pytorch_model.bin", mutateBytes(random, bytes)],
    ]);
    if (random() < 0.5) await inspect(blobs(files));
    else await predict(await RoFormer.load(blobs(files), { head: "base", strict: false }));
  },
  async index(random, base) {
    const weights = base.get("model.safetensors");
    const header = JSON.parse(weights.subarray(8, 8 + Number(weights.readBigUInt64LE(0))).toString());
    const names = Object.keys(header).filter((name) => name !== "__metadata__");
    const shard = "model-00001-of-00001.safetensors";
    const index = { metadata: { total_size: 1 }, weight_map: Object.fromEntries(names.map((name) => [name, shard])) };
    const files = new Map(base);
    files.delete("model.safetensors");
    files.set("model.safetensors.index.json", mutateJsonFile(random, Buffer.from(JSON.stringify(index))));
    files.set(shard, random() < 0.8 ? weights : mutateSafetensors(random, weights));
    await predict(await RoFormer.load(blobs(files), { strict: random() < 0.5 }));
  },
  async config(random, base) {
    const files = new Map([...base, ["config.json", mutateJsonFile(random, base.get("config.json"))]]);
    await predict(await RoFormer.load(blobs(files), random() < 0.5 ? { strict: false } : {}));
  },
  async create(random, base) {
    let config;
    try {
      config = JSON.parse(mutateJson(random, base.get("config.json")).toString());
    } catch {
      return; // not JSON, so nothing that a program could pass
    }
    if (numbersOf(config) > LARGEST) return; // takes the time that so large a model takes
    if (config !== null && typeof config === "object" && random() < 0.3) config.roformer_js = extension(random);
    const model = RoFormer.create(config, { head: pick(random, HEADS) });
    try {
      model.forward({
        inputIds:
          model.head === "multiple-choice"
            ? [
                [
                  [1, 2],
                  [3, 1],
                ],
              ]
            : [[1, 2]],
      });
    } finally {
      model.close();
    }
  },
  async tokenizer(random, base) {
    const files = new Map([["tokenizer.json", mutateJsonFile(random, pick(random, tokenizers).bytes)]]);
    for (const name of ["tokenizer_config.json", "special_tokens_map.json"])
      if (random() < 0.3) files.set(name, mutateJsonFile(random, base.get(name)));
    encodeAll(await Tokenizer.load(blobs(files)));
  },
  async vocab(random, base) {
    const damage = random() < 0.9 ? mutateText : mutateBytes;
    const files = new Map([["vocab.txt", damage(random, base.get("vocab.txt"))]]);
    if (random() < 0.5) files.set("tokenizer_config.json", mutateJsonFile(random, base.get("tokenizer_config.json")));
    if (random() < 0.3) files.set("added_tokens.json", mutateJsonFile(random, Buffer.from('{"[NEW]":15,"x":16}')));
    encodeAll(await Tokenizer.load(blobs(files)));
  },
  async rows(random) {
    const [name, text] = pick(random, Object.entries(TABLES));
    let bytes = (random() < 0.9 ? mutateText : mutateBytes)(random, Buffer.from(text));
    const zipped = random() < 0.2;
    if (zipped) bytes = gzipSync(bytes);
    if (zipped && random() < 0.6) bytes = mutateBytes(random, bytes, 2);
    const columns = pick(random, [undefined, ["text"], ["text", "label"], ["__proto__"]]);
    const source = { name: zipped ? `${name}.gz` : name, bytes: new Uint8Array(bytes) };
    for await (const { line } of readRows(source, columns && { columns }))
      if (!(line >= 1)) throw new Error(`a row stands in line ${line}`);
  },
  async convert(random, base) {
    const files = new Map(base);
    const name = pick(random, ["config.json", "model.safetensors", "tokenizer_config.json", "tokenizer.json"]);
    const bytes = base.get(name) ?? Buffer.from("{}");
    files.set(name, name.endsWith(".json") ? mutateJsonFile(random, bytes) : mutateSafetensors(random, bytes));
    const folder = `${process.env.ROFORMER_FUZZ_FOLDER}/converted-${below(random, 4)}`;
    await convert(blobs(files), folder, { dtype: pick(random, ["f32", "f16", "bf16"]) });
  },
};
