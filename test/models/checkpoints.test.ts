import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { CheckpointError, ConfigError } from "../../ts/errors.js";
import { type HeadName, type ModelInputs, RoFormer } from "../../ts/index.js";
import { difference, golden } from "../golden.js";

/** Models in every form of file, sound and not, by PyTorch and `transformers`: `test/golden/make_formats.py`, `make_models.py`. */
interface Case {
  readonly name: string;
  readonly kind: string;
  readonly outcomes: readonly string[];
  /** One of these has to be in the message. */
  readonly mentions: readonly string[];
  readonly weights?: string;
}
interface Expected {
  readonly data: readonly number[];
  readonly shape: readonly number[];
}

const folder = (path: string) => fileURLToPath(new URL(`../golden/${path}`, import.meta.url));
const formats = golden<{
  readonly cases: readonly Case[];
  readonly lastHiddenState: Readonly<Record<string, Expected>>;
  readonly inputIds: number[][];
  readonly attentionMask: number[][];
}>("checkpoint_formats/cases.json");
const cases = formats.cases.filter(
  ({ name, kind }) => kind === "model" && existsSync(folder(`checkpoint_formats/${name}/config.json`)),
);

type Mask = readonly (readonly number[])[];

/** The numbers of rows that are not padding. */
function real({ data, shape }: { data: ArrayLike<number>; shape: readonly number[] }, mask: Mask) {
  const isReal = mask.flat();
  return Array.from(data).filter((_, i) => isReal[Math.floor(i / shape[2]!)] === 1);
}

/** Values within 2e-5 of those of PyTorch's f32, of max(1, the largest magnitude). */
function expectClose(got: Parameters<typeof real>[0], wanted: Expected, mask: Mask): void {
  const values = real(wanted, mask);
  const tolerance = 2e-5 * values.reduce((top, x) => Math.max(top, Math.abs(x)), 1);
  expect(difference(real(got, mask), values, () => tolerance)).toBeUndefined();
}

describe("a folder of weights", () => {
  it.each(cases.map((one) => [one.name, one] as const))("%s ends as it must", async (name, one) => {
    const got = await RoFormer.load(folder(`checkpoint_formats/${name}`), { head: "base" }).catch((error) => error);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(existsSync("PWNED")).toBe(false);
    if (got instanceof RoFormer) {
      expect(one.outcomes).toContain("loads");
      const { lastHiddenState } = got.forward({ inputIds: formats.inputIds, attentionMask: formats.attentionMask });
      expectClose(lastHiddenState, formats.lastHiddenState[one.weights!]!, formats.attentionMask);
      return got.close();
    }
    expect(one.outcomes).toContain(got.name);
    expect(got).toBeInstanceOf(got.name === "ConfigError" ? ConfigError : CheckpointError);
    expect(got.message).not.toContain("\n");
    if (one.mentions.length > 0) expect(one.mentions.some((word) => got.message.includes(word))).toBe(true);
  });
});

describe("one model in the form", () => {
  const { inputs, expected, variants } = golden<{
    readonly inputs: ModelInputs;
    readonly expected: Record<string, { lastHiddenState: Expected; logits: Expected }>;
    readonly variants: readonly { folder: string; head: HeadName; expected: string }[];
  }>("storage/storage.json");

  it("of every folder is tested", () => {
    const folders = readdirSync(folder("storage"), { withFileTypes: true }).filter((one) => one.isDirectory());
    expect(variants.map((one) => one.folder).sort()).toEqual(folders.map(({ name }) => name).sort());
  });

  it.each(variants.map((one) => [one.folder, one] as const))("%s computes the same", async (name, one) => {
    const model = await RoFormer.load(folder(`storage/${name}`), { head: one.head });
    const { lastHiddenState, logits } = model.forward(inputs);
    expectClose(lastHiddenState, expected[one.expected]!.lastHiddenState, inputs.attentionMask as Mask);
    if (logits) expectClose(logits, expected[one.expected]!.logits, inputs.attentionMask as Mask);
    model.close();
  });
});
