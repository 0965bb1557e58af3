import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, convert, inspect, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { smallModel } from "../pipelines/models.js";
import { roformer, temporaryFolder } from "../process.js";

const config: RoFormerConfigInput = {
  vocab_size: 30,
  hidden_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 32,
  max_position_embeddings: 16,
  initializer_range: 0.3,
};
const inputIds = [
  [1, 2, 3, 4, 5],
  [6, 7, 8, 9, 10],
];
const largest = (a: Float32Array, b: Float32Array) => Math.max(...Array.from(a, (x, i) => Math.abs(x - b[i]!)));

async function saved(
  change: RoFormerConfigInput,
  head: "base" | "masked-lm" | "sequence-classification" = "masked-lm",
) {
  const folder = join(temporaryFolder(), "old");
  const model = RoFormer.create({ ...config, ...change }, { head, seed: 5 });
  await model.save(folder);
  return { folder, model, out: `${folder}-new` };
}

describe("convert", () => {
  it.each([
    [{}],
    [{ roformer_js: { rope_parameters: { rope_type: "default", partial_rotary_factor: 0.5 } } }],
  ] as RoFormerConfigInput[][])(
    "puts pairs into the other order: the same outputs, and back the same bytes (%j)",
    async (change) => {
      const { folder, model, out } = await saved(change!);
      const { reordered } = await convert(folder, out, { rope: "half" });
      expect(reordered).toHaveLength(8); // weight and bias of queries and keys, in two layers
      const half = await RoFormer.load(out);
      expect(half.config).toMatchObject({ model_type: "roformer_js", roformer_js: { position: "rotary-half" } });
      const want = model.forward({ inputIds }).logits!.data;
      expect(largest(half.forward({ inputIds }).logits!.data, want)).toBeLessThan(1e-5);
      await convert(out, `${out}-back`, { rope: "interleaved" });
      const file = "model.safetensors";
      expect(readFileSync(join(`${out}-back`, file))).toEqual(readFileSync(join(folder, file)));
      for (const one of [model, half]) one.close();
    },
  );

  it("makes a RoFormer of a BERT: its weights, without learned positions", async () => {
    const { folder, model, out } = await saved({ model_type: "bert" });
    const done = await convert(folder, out, { from: "bert" });
    expect(done).toMatchObject({
      head: "masked-lm",
      modelType: "roformer",
      dropped: ["bert.embeddings.position_embeddings.weight"],
    });
    const made = await RoFormer.load(out);
    expect(JSON.parse(readFileSync(join(out, "config.json"), "utf8"))).toMatchObject({
      architectures: ["RoFormerForMaskedLM"],
      model_type: "roformer",
    });
    const old = new Map(model.parameters().map((one) => [one.name.replace(/^bert\./, "roformer."), one.read()]));
    for (const one of made.parameters()) expect([...one.read()], one.name).toEqual([...old.get(one.name)!]);
    for (const one of [model, made]) one.close();
  });

  it.each([
    [{}, { from: "bert" }, /model_type is roformer, not bert/],
    [{ model_type: "bert" }, { rope: "half" }, /positions are learned: there are no pairs/],
    [{ rotary_value: true }, { rope: "half" }, /rotary_value is true/],
    [{}, { rope: "round" }, /rope is "round", not "interleaved" or "half"/],
    [{}, { from: "gpt" }, /from is "gpt", not "bert"/],
  ] as const)("%j with %j is refused", async (change, options, message) => {
    const { folder, model, out } = await saved(change);
    await expect(convert(folder, out, options as never)).rejects.toThrow(message);
    await expect(convert(folder, out, options as never)).rejects.toThrow(ConfigError);
    model.close();
  });

  it("leaves out a classifier that is another one, if the head is named", async () => {
    const { folder, model, out } = await saved({ model_type: "bert" }, "sequence-classification");
    await expect(convert(folder, out, { from: "bert" })).rejects.toThrow(
      /sequence-classification differs from RoFormer's/,
    );
    const { dropped } = await convert(folder, out, { from: "bert", head: "base" });
    expect(dropped).toContain("classifier.weight");
    model.close();
  });
});

describe("inspect and convert as commands", () => {
  it("tell what stands in a folder and in a file, and write f16 in shards", async () => {
    const folder = join(temporaryFolder(), "model");
    const model = await smallModel("masked-lm");
    await model.save(folder);
    const parameters = model.parameters().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    const table = 512 * 8; // the sinusoids that Hugging Face's class keeps
    model.close();
    const found = await inspect(folder);
    expect(found).toMatchObject({ parameters: parameters + table, tokenizer: { vocabSize: 20 } });
    expect(found.tensors).toContainEqual({ name: "cls.predictions.bias", dtype: "F32", shape: [20] });
    expect(await inspect(join(folder, "model.safetensors"))).toEqual({
      parameters: found.parameters,
      tensors: found.tensors,
    });

    const out = `${folder}-f16`;
    const converted = await roformer(["convert", folder, out, "--dtype", "f16", "--max-shard-bytes", "4096", "--json"]);
    expect(JSON.parse(converted.stdout)).toMatchObject({
      dtype: "f16",
      parameters,
      dropped: [],
      modelType: "roformer",
    });
    const looked = await roformer(["inspect", out, "--json"]);
    const all: { name: string; dtype: string }[] = JSON.parse(looked.stdout).tensors;
    expect(all.map(({ name }) => name).sort()).toEqual(found.tensors.map(({ name }) => name).sort());
    expect(new Set(all.map(({ dtype }) => dtype))).toEqual(new Set(["F16"]));
    const shown = await roformer(["inspect", out]);
    expect(shown.stdout).toMatch(/parameters: [\d,]+\n {2}\S+ +F16 {3}\[/);
    for (const [args, code] of [
      [["inspect"], 2],
      [["inspect", join(folder, "nothing.bin")], 1],
      [["convert", folder], 2],
      [["convert", folder, out, "--rope", "round"], 2],
    ] as const) {
      const ended = await roformer(args);
      expect([ended.code, ended.stderr.trim().split("\n").length]).toEqual([code, 1]);
    }
  });
});
