import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ConfigError } from "../../ts/errors.js";
import { RoFormer } from "../../ts/index.js";
import { temporaryFolder } from "../process.js";

const create = () =>
  RoFormer.create(
    {
      vocab_size: 30,
      hidden_size: 16,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      intermediate_size: 24,
      max_position_embeddings: 8,
    },
    { head: "masked-lm", seed: 3 },
  );
const inputs = { inputIds: [[1, 2, 3, 4]] };

it("a model in shards is what it was, in files of at most the size that was asked for", async () => {
  const folder = join(temporaryFolder(), "m");
  const model = create();
  await model.save(folder, { maxShardBytes: 4000 });
  const shards = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));
  expect(shards.length).toBeGreaterThan(2);
  for (const [i, name] of shards.sort().entries()) {
    expect(name).toBe(`model-0000${i + 1}-of-0000${shards.length}.safetensors`);
    const bytes = readFileSync(join(folder, name));
    expect(bytes.length - 8 - Number(bytes.readBigUInt64LE())).toBeLessThanOrEqual(4000);
  }
  const index = JSON.parse(readFileSync(join(folder, "model.safetensors.index.json"), "utf8"));
  const numbers = model
    .parameters()
    .reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 8 * 8);
  expect(index.metadata).toEqual({ total_size: 4 * numbers });
  expect([...new Set(Object.values(index.weight_map))].sort()).toEqual(shards);
  const loaded = await RoFormer.load(folder);
  expect([loaded.missing, loaded.unexpected]).toEqual([[], []]);
  expect(loaded.forward(inputs)).toEqual(model.forward(inputs));
  loaded.close();
  await model.save(folder);
  expect(readdirSync(folder).sort()).toEqual(["config.json", "model.safetensors"]);
  await model.save(folder, { maxShardBytes: 4000 });
  expect(
    readdirSync(folder)
      .filter((name) => name.endsWith(".safetensors"))
      .sort(),
  ).toEqual(shards);
  model.close();
});

it.each([
  ["f16", 2 ** -11],
  ["bf16", 2 ** -8],
] as const)("a model saved as %s takes half the space and loads with its numbers rounded", async (dtype, step) => {
  const folder = temporaryFolder();
  const model = create();
  await model.save(join(folder, "whole"), { dtype: "f32" });
  await model.save(join(folder, "half"), { dtype });
  const config = JSON.parse(readFileSync(join(folder, "half/config.json"), "utf8"));
  expect(config.torch_dtype).toBe({ f16: "float16", bf16: "bfloat16" }[dtype]);
  const size = (name: string) => statSync(join(folder, name, "model.safetensors")).size;
  const numbers = model.parameters().reduce((sum, one) => sum + one.read().length, 8 * 8);
  expect(size("whole") - size("half")).toBeGreaterThan(2 * numbers - 200);
  const loaded = await RoFormer.load(join(folder, "half"));
  for (const [i, { read }] of loaded.parameters().entries()) {
    const [got, wanted] = [read.call(loaded.parameters()[i]), model.parameters()[i]!.read()];
    for (const [k, x] of got.entries())
      expect(Math.abs(x - wanted[k]!)).toBeLessThanOrEqual(step * Math.abs(wanted[k]!) + 2 ** -25);
  }
  await loaded.save(join(folder, "again"), { dtype });
  const file = (name: string) => readFileSync(join(folder, name, "model.safetensors"));
  expect(file("again").equals(file("half"))).toBe(true);
  model.close();
  loaded.close();
});

it("what cannot be saved is refused, and nothing is written", async () => {
  const folder = temporaryFolder();
  const model = create();
  const refused = async (path: string, options: object, message: string) => {
    const saved = model.save(path, options);
    await expect(saved).rejects.toBeInstanceOf(ConfigError);
    await expect(saved).rejects.toThrow(message);
  };
  await refused(join(folder, "m"), { dtype: "f8" }, 'dtype is "f8", not one of f32, f16, bf16, int8');
  await refused(join(folder, "m"), { maxShardBytes: 0 }, "maxShardBytes is 0");
  await refused("hf:owner/name", {}, "hf:owner/name is not a folder path");
  await refused("", {}, "the path is empty");
  const [first] = model.parameters();
  first!.write(first!.read().fill(1e5));
  await expect(model.save(join(folder, "m"), { dtype: "f16" })).rejects.toThrow(
    "holds 100000, but the maximum of f16 is 65504",
  );
  expect(readdirSync(folder)).toEqual([]);
  model.close();
});
