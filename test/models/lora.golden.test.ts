import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { type GradientInputsByHead, type HeadName, type ModelInputs, RoFormer } from "../../ts/index.js";
import { temporaryFolder } from "../process.js";

/** Folders and values that peft 0.21.2 made: test/golden/lora/make.py. */
const folderOf = (name: string) => fileURLToPath(new URL(`../golden/lora/${name}`, import.meta.url));

interface Golden {
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Loss and logits, in f64. */
  readonly values: Readonly<Record<string, readonly number[]>>;
  /** By PEFT's names. */
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}
const golden = (name: string): Golden => JSON.parse(readFileSync(`${folderOf(name)}/case.json`, "utf8"));

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** PEFT's name of a parameter by ours. */
const plain = (name: string): string =>
  name
    .replace("base_model.model.", "")
    .replace(".modules_to_save.default", "")
    .replace(".base_layer", "")
    .replace(/(lora_[AB])\.default/, "$1");

/** Each kind's name, its head, and whether gradients of PEFT's original copy of a trained module may be there. */
const CASES: readonly (readonly [string, HeadName])[] = [
  ["bert_seqcls", "sequence-classification"],
  ["roformer_seqcls", "sequence-classification"],
  ["bert_all_linear", "sequence-classification"],
  ["roformer_tokens", "token-classification"],
  ["roformer_regex", "masked-lm"],
  ["bert_layers", "question-answering"],
  ["bert_pooler", "sequence-classification"],
  ["roformer_causal", "causal-lm"],
];

const models: RoFormer[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.close();
});
async function load(...args: Parameters<typeof RoFormer.load>): Promise<RoFormer> {
  const model = await RoFormer.load(...args);
  models.push(model);
  return model;
}

/** Largest difference, relative to the largest number. */
function away(got: ArrayLike<number>, want: readonly number[]): number {
  expect(got.length).toBe(want.length);
  const largest = Math.max(1e-3, ...want.map(Math.abs));
  return Math.max(...want.map((value, i) => Math.abs(got[i]! - value))) / largest;
}

describe.each(CASES)("an adapter of PEFT: %s", (name, head) => {
  const want = golden(name);
  const inputs = Object.fromEntries(Object.entries(want.inputs).map(([key, value]) => [camel(key), value]));
  const values = (model: RoFormer) => {
    const output = model.forward(inputs as unknown as ModelInputs) as unknown as Record<
      string,
      { data: Float32Array } | number
    >;
    return Object.fromEntries(
      Object.entries(output).map(([key, one]) => [key, typeof one === "number" ? [one] : one.data]),
    );
  };
  const expectValues = (model: RoFormer) => {
    const got = values(model);
    // f32 here, f64 there.
    for (const [key, numbers] of Object.entries(want.values))
      expect(away(got[camel(key)]!, numbers), key).toBeLessThan(2e-5);
  };

  it("finds its base and gives PEFT's outputs", async () => {
    const model = await load(`${folderOf(name)}/adapter`);
    expect(model.head).toBe(head);
    expect([model.missing, model.mismatched]).toEqual([[], []]);
    expectValues(model);
  });

  it.each([false, true])("has PEFT's gradients, and no others (recompute: %s)", async (recompute) => {
    const model = await load(`${folderOf(name)}/adapter`);
    const { gradients } = model.valueAndGrad(inputs as unknown as GradientInputsByHead[HeadName], { recompute });
    const expected = new Map(
      Object.entries(want.gradients)
        .filter(([key]) => !key.includes("original_module"))
        .map(([key, numbers]) => [plain(key), numbers]),
    );
    // One tensor, under two names in PEFT.
    expected.delete("cls.predictions.decoder.bias");
    expect([...gradients.keys()].sort()).toEqual([...expected.keys()].sort());
    // Rounding against the largest gradient of all: some are 0 but for it.
    const largest = Math.max(...[...expected.values()].flat().map(Math.abs));
    for (const [key, numbers] of expected) {
      const { data } = gradients.get(key)!;
      expect(Math.max(...numbers.map((value, i) => Math.abs(data[i]! - value))) / largest, key).toBeLessThan(2e-5);
    }
  });

  it("is saved again with the same tensors, and merged into a whole model that computes the same", async () => {
    const out = temporaryFolder();
    const model = await load(`${folderOf(name)}/adapter`);
    await model.save(`${out}/adapter`);
    const again = await load(`${out}/adapter`, { base: `${folderOf(name)}/base` });
    expect(values(again)).toEqual(values(model));
    await model.save(`${out}/whole`, { merge: true });
    const whole = await load(`${out}/whole`);
    expect(whole.parameters().some(({ name }) => name.includes("lora"))).toBe(false);
    expectValues(whole);
    await model.mergeLora();
    expect(values(model)).toEqual(values(whole));
    expect(model.parameters().map(({ name }) => name)).toEqual(whole.parameters().map(({ name }) => name));
  });
});
