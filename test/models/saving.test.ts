import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { trainTokenizer } from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";

const config: RoFormerConfigInput = {
  vocab_size: 30,
  embedding_size: 8,
  hidden_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 16,
  max_position_embeddings: 24,
  id2label: { "0": "no", "1": "yes", "2": "maybe" },
  label2id: { no: 0, yes: 1, maybe: 2 },
};
const inputs = {
  inputIds: [
    [1, 2, 3, 4],
    [5, 6, 7, 8],
  ],
};
const json = (folder: string) => JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));

describe("a saved model", () => {
  it("is whole where one folder is saved to by several at once: the last one's", async () => {
    const folder = join(temporaryFolder(), "model");
    const model = RoFormer.create(config, { head: "masked-lm", seed: 4 });
    await Promise.all([model.save(folder), model.save(folder, { dtype: "bf16" }), model.save(folder)]);
    await model.save(`${folder}-alone`);
    for (const file of ["config.json", "model.safetensors"]) {
      expect(readFileSync(join(folder, file))).toEqual(readFileSync(join(`${folder}-alone`, file)));
    }
    model.close();
  });

  it("without a padding id has none when it is loaded", async () => {
    const folder = join(temporaryFolder(), "model");
    const model = RoFormer.create({ ...config, pad_token_id: null });
    await model.save(folder);
    const loaded = await RoFormer.load(folder);
    expect(loaded.config.pad_token_id).toBe(null);
    for (const one of [model, loaded]) one.close();
  });

  it.each(["base", "masked-lm", "sequence-classification"] as const)(
    "with the head %s computes the same bits, and saves the same bytes",
    async (head) => {
      const folder = temporaryFolder();
      const model = RoFormer.create(config, { head, seed: 4 });
      await model.save(join(folder, "first"));
      const loaded = await RoFormer.load(join(folder, "first"));
      expect(loaded.head).toBe(head);
      expect([loaded.missing, loaded.unexpected]).toEqual([[], []]);
      const outputs = (one: RoFormer) => one.forward(inputs, { outputHiddenStates: true });
      expect(outputs(loaded)).toEqual(outputs(model));
      await loaded.save(join(folder, "second"));
      for (const file of ["config.json", "model.safetensors"]) {
        expect(readFileSync(join(folder, "second", file)).equals(readFileSync(join(folder, "first", file))), file).toBe(
          true,
        );
      }
      model.close();
      loaded.close();
    },
  );

  it("keeps fields of the configuration that nobody here knows", async () => {
    const folder = temporaryFolder();
    const model = RoFormer.create({ ...config, some_future_field: { deep: [1] } });
    await model.save(join(folder, "m"));
    expect(json(join(folder, "m")).some_future_field).toEqual({ deep: [1] });
    model.close();
  });

  it.each([
    ["rotary", "roformer", "RoFormerModel"],
    ["sinusoidal", "roformer_js", "RoFormerModel"],
    ["none", "roformer_js", "RoFormerModel"],
    ["rotary-half", "roformer_js", "RoFormerModel"],
    ["learned", "roformer_js", "RoFormerModel"],
    ["alibi", "roformer_js", "RoFormerModel"],
  ] as const)("with %s positions is called %s", async (position, type, architecture) => {
    const folder = temporaryFolder();
    const model = RoFormer.create({ ...config, roformer_js: { position } });
    await model.save(join(folder, "m"));
    expect(json(join(folder, "m"))).toMatchObject({ model_type: type, architectures: [architecture] });
    const loaded = await RoFormer.load(join(folder, "m"));
    expect(loaded.forward(inputs)).toEqual(model.forward(inputs));
    loaded.close();
    model.close();
  });

  it("of the family bert has BERT's names, pooler and classifier", async () => {
    const folder = temporaryFolder();
    const { embedding_size: _, ...bert } = config;
    const model = RoFormer.create({ ...bert, model_type: "bert" }, { head: "sequence-classification", seed: 1 });
    await model.save(join(folder, "m"));
    expect(json(join(folder, "m"))).toMatchObject({
      model_type: "bert",
      architectures: ["BertForSequenceClassification"],
    });
    const names = model.parameters().map(({ name }) => name);
    for (const name of [
      "bert.embeddings.position_embeddings.weight",
      "bert.pooler.dense.weight",
      "classifier.weight",
    ]) {
      expect(names).toContain(name);
    }
    const loaded = await RoFormer.load(join(folder, "m"));
    expect(loaded.forward(inputs)).toEqual(model.forward(inputs));
    loaded.close();
    model.close();
  });

  it("leaves nothing of another model's tokenizer, and what is not a model's as it was", async () => {
    const folder = join(temporaryFolder(), "m");
    const lines = ["a b c", "a b c"];
    const save = async (kind: "wordpiece" | "bpe") => {
      const tokenizer = await trainTokenizer({ kind, lines, vocabSize: 300 });
      const model = RoFormer.create({ ...config, vocab_size: tokenizer.vocabSize }, { tokenizer });
      await model.save(folder);
      model.close();
    };
    await save("wordpiece");
    for (const name of ["notes.txt", "model.safetensors.index.json"]) writeFileSync(join(folder, name), "mine");
    expect(readdirSync(folder)).toContain("vocab.txt");
    await save("bpe");
    expect(readdirSync(folder).sort()).toEqual([
      ...["config.json", "model.safetensors", "notes.txt"],
      ...["special_tokens_map.json", "tokenizer.json", "tokenizer_config.json"],
    ]);
  });

  it("loads from files in memory as from a folder", async () => {
    const folder = temporaryFolder();
    const model = RoFormer.create(config, { head: "masked-lm", seed: 4 });
    await model.save(join(folder, "m"));
    const names = ["config.json", "model.safetensors"];
    const blobs = new Map(names.map((name) => [name, new Blob([readFileSync(join(folder, "m", name))])]));
    const loaded = await RoFormer.load(blobs);
    expect(loaded.forward(inputs)).toEqual(model.forward(inputs));
    loaded.close();
    model.close();
  });
});
