import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CheckpointError, ConfigError } from "../../ts/errors.js";
import { RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { writeSafetensors } from "../../ts/io/safetensorsWriter.js";
import { finetune } from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";

const config: RoFormerConfigInput = {
  vocab_size: 30,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 12,
  max_position_embeddings: 16,
};
const values = (model: RoFormer) => new Map(model.parameters().map((one) => [one.name, [...one.read()]]));

/** A folder of a model with other fields of the configuration than it was saved with, or without some of its tensors. */
function folderOf(model: RoFormer, fields: object = {}, keep: (name: string) => boolean = () => true) {
  const tensors = model.parameters().filter(({ name }) => keep(name));
  return new Map([
    ["config.json", new Blob([JSON.stringify({ ...model.config, ...fields, model_type: "roformer" })])],
    ["model.safetensors", new Blob([...writeSafetensors(tensors)] as BlobPart[])],
  ]);
}

describe("a file that does not fit", () => {
  const saved = () => RoFormer.create({ ...config, num_labels: 3 }, { head: "sequence-classification", seed: 1 });
  const head = "sequence-classification";

  it("is refused by one error that lists everything", async () => {
    const model = saved();
    const folder = folderOf(model, { num_labels: 2 }, (name) => !name.endsWith("query.bias"));
    model.close();
    await expect(RoFormer.load(folder, { head })).rejects.toThrow(
      "vocab_size 30). Missing: roformer.encoder.layer.0.attention.self.query.bias. " +
        "Wrong shapes: classifier.out_proj.weight is [3, 8], not [2, 8]; classifier.out_proj.bias is [3], not [2].",
    );
  });

  it("names what it holds instead of what is missing", async () => {
    const model = saved();
    const folder = folderOf(model);
    model.close();
    await expect(RoFormer.load(folder, { head: "masked-lm" })).rejects.toThrow(
      /Missing: cls\..*; cls\.predictions\.bias\. Unexpected: "classifier\.dense\.bias"; /,
    );
  });

  it("with strict: false gives what fits, and says what is fresh; that follows from the seed", async () => {
    const model = saved();
    const old = values(model);
    const folder = folderOf(model, { num_labels: 2 }, (name) => !name.endsWith("query.weight"));
    const load = (seed: number) => RoFormer.load(folder, { head, strict: false, seed });
    const [loaded, other] = [await load(5), await load(6)];
    const query = "roformer.encoder.layer.0.attention.self.query.weight";
    expect(loaded.missing).toEqual([query]);
    expect(loaded.mismatched).toEqual([
      { name: "classifier.out_proj.weight", shape: [3, 8], wanted: [2, 8] },
      { name: "classifier.out_proj.bias", shape: [3], wanted: [2] },
    ]);
    const isFresh = (name: string) => name === query || name.startsWith("classifier.out_proj.");
    const fresh = RoFormer.create({ ...config, num_labels: 2 }, { head, seed: 5 });
    for (const [name, got] of values(loaded)) {
      expect(got, name).toEqual(isFresh(name) ? values(fresh).get(name) : old.get(name));
    }
    expect(values(other).get(query)).not.toEqual(values(loaded).get(query));
    for (const one of [model, loaded, other, fresh]) one.close();
  });

  it("cannot be kept as int8 in part", async () => {
    const model = saved();
    const load = RoFormer.load(folderOf(model), { head, strict: false, int8: true });
    await expect(load).rejects.toThrow("int8 weights are for inference");
    model.close();
  });
});

describe("a successor of RoFormer", () => {
  it.each([
    [{ model_type: "roformer_v2" }, 'model_type is "roformer_v2": RoFormerV2'],
    [{ model_type: "gau_alpha" }, 'model_type is "gau_alpha": GAU-α'],
    [{ architectures: ["RoFormerV2ForMaskedLM"] }, 'architectures is ["RoFormerV2ForMaskedLM"]: RoFormerV2'],
    [{ norm_type: "rms_norm" }, 'norm_type is "rms_norm": RoFormerV2'],
    [{ use_bias: false }, "use_bias is false: RoFormerV2"],
  ])("with the configuration %j is refused by name", async (fields, message) => {
    const folder = new Map([
      ["config.json", new Blob([JSON.stringify({ model_type: "roformer", ...config, ...fields })])],
    ]);
    const load = RoFormer.load(folder, { head: "base", strict: false });
    await expect(load).rejects.toBeInstanceOf(ConfigError);
    await expect(load).rejects.toThrow(message);
  });

  it("is known by its weights, whether strict or not", async () => {
    const model = RoFormer.create(config);
    const folder = folderOf(model, {}, (name) => !name.endsWith("bias"));
    model.close();
    for (const strict of [true, false]) {
      const load = RoFormer.load(folder, { head: "base", strict });
      await expect(load).rejects.toBeInstanceOf(CheckpointError);
      await expect(load).rejects.toThrow("model.safetensors: no layer has a bias: the weights are of RoFormerV2");
    }
  });
});

it("fine-tuning refuses an encoder of another size", async () => {
  const folder = temporaryFolder();
  const train = [
    { text: "good", label: "a" },
    { text: "bad", label: "b" },
    { text: "fine", label: "a" },
    { text: "poor", label: "b" },
  ];
  const options = { text: "text", label: "label", epochs: 1, valid: train };
  const { model } = await finetune({
    ...options,
    train,
    out: join(folder, "m"),
    layers: 1,
    width: 8,
    heads: 2,
    ffn: 8,
  });
  model.close();
  const file = join(folder, "m/config.json");
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), intermediate_size: 16 }));
  const again = finetune({ ...options, train, init: join(folder, "m") });
  await expect(again).rejects.toThrow(
    /Wrong shapes: roformer\.encoder\.layer\.0\.intermediate\.dense\.weight is \[8, 8\], not \[16, 8\]/,
  );
});
