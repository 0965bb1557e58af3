import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CheckpointError, ConfigError } from "../../ts/errors.js";
import { convert, type HeadName, inspect, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { openFiles } from "../../ts/io/files.js";
import { openSafetensors } from "../../ts/io/safetensors.js";
import { writeSafetensors } from "../../ts/io/safetensorsWriter.js";
import { readTensor } from "../../ts/io/weights.js";
import { pack } from "../../ts/nn/packed.js";
import { Philox } from "../../ts/random/philox.js";
import { roformer, temporaryFolder } from "../process.js";

const config: RoFormerConfigInput = {
  vocab_size: 61,
  hidden_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 64,
  max_position_embeddings: 32,
  initializer_range: 0.2,
};
const random = new Philox(1, 91);
const texts = [1, 30, 2, 17, 5].map((length) => Array.from({ length }, () => 1 + random.below(60)));
const bytesOf = (folder: string, file = "model.safetensors") => readFileSync(join(folder, file));
const jsonOf = (folder: string) => JSON.parse(bytesOf(folder, "config.json").toString());

/** All outputs of a model, as bytes. */
function outputs(model: RoFormer): Buffer {
  const all = model.run(pack(texts), ({ head }) => Object.values(head()).map((one) => one.read()));
  return Buffer.concat(all.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)));
}

/** A model in f32, in `plain`, and in int8, in `int8`. */
async function saved(change: RoFormerConfigInput = {}, head: HeadName = "base") {
  const folder = temporaryFolder();
  const [plain, int8] = [join(folder, "plain"), join(folder, "int8")];
  const model = RoFormer.create({ ...config, ...change }, { head, seed: 5 });
  await model.save(plain);
  await model.save(int8, { dtype: "int8" });
  model.close();
  return { folder, plain, int8 };
}

const kinds: readonly [string, string, HeadName, RoFormerConfigInput][] = [
  ["roformer", "RoFormerModel", "base", {}],
  ["roformer", "RoFormerForMaskedLM", "masked-lm", { vocab_size: 64 }],
  ["roformer", "RoFormerForMaskedLM", "masked-lm", { tie_word_embeddings: false }],
  ["roformer", "RoFormerForSequenceClassification", "sequence-classification", { num_labels: 9, embedding_size: 24 }],
  ["bert", "BertForSequenceClassification", "sequence-classification", { model_type: "bert", num_labels: 2 }],
  ["bert", "BertForTokenClassification", "token-classification", { model_type: "bert", num_labels: 16 }],
  ["roformer", "RoFormerForCausalLM", "causal-lm", { is_decoder: true }],
  ["bert", "BertForQuestionAnswering", "question-answering", { model_type: "bert" }],
  ["roformer", "RoFormerForMultipleChoice", "multiple-choice", {}],
  ["roformer_js", "RoFormerModel", "base", { roformer_js: { position: "rotary-half" } }],
  ["roformer_js", "RoFormerModel", "base", { roformer_js: { attention: "performer" } }],
];

describe("a folder of int8 weights", () => {
  it.each(kinds)("computes what the f32 weights do as int8: %s, %s, %s", async (type, name, head, change) => {
    const { folder, plain, int8 } = await saved(change, head);
    const written = jsonOf(int8);
    expect(written).toMatchObject({ model_type: "roformer_js", architectures: [name] });
    expect(written.roformer_js).toMatchObject({ dtype: "int8", model_type: type });
    const [want, got] = [await RoFormer.load(plain, { int8: true }), await RoFormer.load(int8, { int8: true })];
    expect([got.missing, got.unexpected, got.head]).toEqual([[], [], head]);
    expect(outputs(got).equals(outputs(want))).toBe(true);
    // The configuration in memory is that of the model in f32.
    expect(got.config).toEqual(want.config);
    const wide = await RoFormer.load(int8);
    for (const [i, one] of wide.parameters().entries()) expect(one.read()).toEqual(got.parameters()[i]!.read());
    await got.save(join(folder, "again"));
    await wide.save(join(folder, "wide"), { dtype: "int8" });
    for (const copy of ["again", "wide"]) {
      expect(bytesOf(join(folder, copy)).equals(bytesOf(int8))).toBe(true);
      expect(jsonOf(join(folder, copy))).toEqual(written);
    }
    await wide.save(join(folder, "f32"));
    expect(jsonOf(join(folder, "f32"))).toEqual(jsonOf(plain));
    for (const one of [want, got, wide]) one.close();
  });

  it("holds each row as whole numbers of its scale, within half a scale of the weights", async () => {
    const { plain, int8 } = await saved({}, "masked-lm");
    const [exact, rounded] = await Promise.all(
      [plain, int8].map((folder) => openSafetensors(openFiles(folder), "model.safetensors")),
    );
    let matrices = 0;
    for (const [name, { dtype, shape }] of rounded!.tensors) {
      if (dtype !== "I8") continue;
      matrices++;
      const most = name.includes("word_embeddings") || name.includes("position") ? 127 : 63;
      const values = await readTensor(exact!, name);
      const scales = await readTensor(rounded!, `${name}_scale`);
      const bytes: number[] = [];
      for await (const piece of rounded!.pieces(name, true)) bytes.push(...piece);
      expect([shape, scales.length]).toEqual([exact!.tensors.get(name)!.shape, shape[0]]);
      for (const [row, scale] of scales.entries()) {
        const [from, to] = [row * shape[1]!, (row + 1) * shape[1]!];
        const largest = Math.max(...values.subarray(from, to).map(Math.abs));
        // A scale has 17 binary digits, rounded up.
        expect(scale).toBeGreaterThanOrEqual(largest / most);
        expect(scale).toBeLessThanOrEqual((largest / most) * (1 + 2 ** -16));
        for (let i = from; i < to; i++)
          expect(Math.abs(values[i]! - bytes[i]! * scale)).toBeLessThanOrEqual(scale * (0.5 + 1e-5));
      }
    }
    expect(matrices).toBe(2 * 6 + 2); // the layers', the head's, and the word vectors; two token types stay f32
  });

  it("takes about a quarter of the space, and is close to the model that it was made from", async () => {
    const { plain, int8 } = await saved({ vocab_size: 4000, hidden_size: 96, intermediate_size: 256 });
    const size = (folder: string) => statSync(join(folder, "model.safetensors")).size;
    expect(size(int8)).toBeLessThan(0.28 * size(plain));
    const [want, got] = [await RoFormer.load(plain), await RoFormer.load(int8)];
    const inputs = { inputIds: texts.slice(1, 2) };
    const [a, b] = [want, got].map((model) => model.forward(inputs).lastHiddenState.data);
    const error = Math.hypot(...a!.map((x, i) => x - b![i]!)) / Math.hypot(...a!);
    expect(error).toBeGreaterThan(1e-4);
    // About 1 % a product; random layers make it more as it passes through. Trained models: see below.
    expect(error).toBeLessThan(0.1);
    for (const one of [want, got]) one.close();
  });

  it("can be in shards, counted and converted, and trained as f32", async () => {
    const { folder, plain, int8 } = await saved({ num_labels: 3 }, "sequence-classification");
    const shards = join(folder, "shards");
    const done = await convert(plain, shards, { dtype: "int8", maxShardBytes: 5000 });
    expect(done).toMatchObject({ modelType: "roformer_js", dtype: "int8" });
    const [one, two] = [await RoFormer.load(int8), await RoFormer.load(shards)];
    expect(outputs(two).equals(outputs(one))).toBe(true);
    const { loss } = two.valueAndGrad({ inputIds: [[1, 2, 3]], labels: [1] });
    expect(loss).toBeGreaterThan(0);
    expect((await inspect(int8)).parameters).toBe(done.parameters);
    expect((await inspect(shards)).config).toEqual((await inspect(plain)).config);
    const back = join(folder, "back");
    await roformer(["convert", int8, back, "--dtype", "f32"]);
    expect(jsonOf(back)).toEqual(jsonOf(plain));
    for (const model of [one, two]) model.close();
  });
});

describe("what int8 cannot be", () => {
  it("is refused, and nothing is written", async () => {
    const { folder, int8, plain } = await saved();
    const loaded = await RoFormer.load(int8, { int8: true });
    const refused = async (model: RoFormer, dtype: "f32" | "int8", message: string, kind: object = ConfigError) => {
      const saving = model.save(join(folder, "no"), { dtype });
      await expect(saving).rejects.toBeInstanceOf(kind);
      await expect(saving).rejects.toThrow(message);
      expect(() => statSync(join(folder, "no"))).toThrow();
    };
    await refused(loaded, "f32", "the weights are int8, not f32");
    const model = await RoFormer.load(plain);
    const first = model.parameters().find(({ name }) => name.endsWith("key.weight"))!;
    const values = first.read();
    for (const odd of [Number.NaN, -Infinity]) {
      values[7] = odd;
      first.write(values);
      await refused(model, "int8", `key.weight holds ${odd}`, CheckpointError);
    }
    const adapted = await RoFormer.load(plain);
    await adapted.addLora({ r: 2 });
    await refused(adapted, "int8", "an adapter cannot be int8");
    await adapted.save(join(folder, "merged"), { dtype: "int8", merge: true });
    for (const one of [loaded, model, adapted]) one.close();
  });

  const NAME = "encoder.layer.0.attention.self.key.weight";
  type Stored = { shape: readonly number[]; dtype?: "f32" | "int8"; values: number[] };
  const damages: readonly [string, (all: Map<string, Stored>) => void, string][] = [
    ["no scales", (all) => all.delete(`${NAME}_scale`), "its scales, …_scale, are missing; expected F32 of [48]"],
    [
      "too few scales",
      (all) => all.set(`${NAME}_scale`, { shape: [47], values: Array(47).fill(1) }),
      "are F32 of [47]; expected F32 of [48]",
    ],
    [
      "scales of bytes",
      (all) => all.set(`${NAME}_scale`, { shape: [48], dtype: "int8", values: Array(48).fill(1) }),
      "are I8 of [48]; expected F32",
    ],
    ["a scale that is not a number", (all) => (all.get(`${NAME}_scale`)!.values[5] = Number.NaN), "row 5 is NaN"],
    ["a scale that is infinite", (all) => (all.get(`${NAME}_scale`)!.values[47] = Infinity), "row 47 is Infinity"],
    [
      "a scale of zero for other bytes",
      (all) => (all.get(`${NAME}_scale`)!.values[3] = 0),
      "row 3 is 0; expected a positive number",
    ],
    ["a negative scale", (all) => (all.get(`${NAME}_scale`)!.values[0] = -1), "row 0 is -1"],
    [
      "a vector of bytes",
      (all) => {
        const name = "encoder.layer.0.attention.self.key.bias";
        all.set(name, { ...all.get(name)!, dtype: "int8" });
      },
      "is I8 of [48], not a matrix",
    ],
    [
      "another shape",
      (all) => {
        all.set(NAME, { shape: [48, 1], dtype: "int8", values: Array(48).fill(1) });
      },
      `${NAME} is [48, 1], not [48, 48]`,
    ],
  ];

  it.each(damages)("is refused where a file has %s", async (_, damage, message) => {
    const { int8 } = await saved();
    const file = join(int8, "model.safetensors");
    const weights = await openSafetensors(openFiles(int8), "model.safetensors");
    const all = new Map<string, Stored>();
    for (const [name, { dtype, shape }] of weights.tensors) {
      const values: number[] = [];
      for await (const piece of weights.pieces(name, true)) values.push(...piece);
      all.set(name, { shape, dtype: dtype === "I8" ? "int8" : "f32", values });
    }
    damage(all);
    const sources = [...all].map(([name, { shape, dtype = "f32", values }]) => ({
      ...{ name, shape, dtype },
      read: () => (dtype === "int8" ? Int8Array.from(values) : Float32Array.from(values)),
    }));
    writeFileSync(file, Buffer.concat([...writeSafetensors(sources)]));
    for (const options of [{}, { int8: true }]) {
      const loading = RoFormer.load(int8, options);
      await expect(loading).rejects.toBeInstanceOf(CheckpointError);
      await expect(loading).rejects.toThrow(message);
    }
  });

  it("is refused where a file ends early", async () => {
    const { int8 } = await saved();
    const file = join(int8, "model.safetensors");
    writeFileSync(file, readFileSync(file).subarray(0, -3));
    await expect(RoFormer.load(int8)).rejects.toBeInstanceOf(CheckpointError);
  });

  it.each([
    [{ dtype: "int4" }, 'roformer_js.dtype is "int4", not "int8"'],
    [{ model_type: "gpt2" }, 'roformer_js.model_type is "gpt2", not one of roformer, roformer_js, bert'],
    [{ model_type: undefined }, "roformer_js.model_type is undefined, not one of"],
  ])("is refused where config.json says %j", async (change, message) => {
    const { int8 } = await saved();
    const written = jsonOf(int8);
    writeFileSync(
      join(int8, "config.json"),
      JSON.stringify({ ...written, roformer_js: { ...written.roformer_js, ...change } }),
    );
    const loading = RoFormer.load(int8);
    await expect(loading).rejects.toBeInstanceOf(ConfigError);
    await expect(loading).rejects.toThrow(message);
  });
});
