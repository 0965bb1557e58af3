import { describe, expect, it } from "vitest";
import { CheckpointError, ConfigError } from "../../ts/errors.js";
import { RoFormer } from "../../ts/index.js";
import { folderOf, type Outcome, outcomes, texts, type Variant, variants } from "./configFiles.js";

/**
 * Configurations, label maps and classifiers' settings against transformers 4.57.6 and 5.24.0 and sentence-transformers 6.2.0.
 * What either release of transformers loads loads here, with the values of the older one where they differ but as said below.
 * Values are f32 on both sides: they agree to 2e-5 of max(1, value).
 */
const [older, newer] = outcomes;
const TOLERANCE = 2e-5;

const loads = (outcome: Outcome) => outcome.error === undefined && outcome.missing === undefined;

/** What neither release reads, and this library does. */
const READ_HERE = new Map([
  [/^bert: "id2label": \["a", "b"\]/, "names in a list are names by position"],
  [/: "\w+": \d+\.0$|: "num_labels": 3\.0/, "JSON's 16.0 is a whole number in JavaScript"],
  [/"is_decoder": (null|0)$/, "falsy in Python too: only attention's kernel of release 4 refuses it"],
  [/"return_dict": null/, "says how Python's classes return"],
  [/"id2label": \{"1": "a", "2": "b"\}|\{"0": "a", "2": "b"\}/, "only the pipeline fails, at the class without a name"],
]);

/** Where the newer release is right. */
const AS_NEWER = new Map([
  [/"position_embedding_type": null/, "null leaves positions out in release 4, which no model was trained with"],
]);

/** What the newer release loads, and this library, as the older one, does not. */
const REFUSED_HERE = new Map([[/"problem_type": "(classification)?"/, "no problem_type of any release"]]);

const matches = (list: ReadonlyMap<RegExp, string>, { name }: Variant) =>
  [...list.keys()].some((one) => one.test(name));

function expectNumbers(got: ArrayLike<number>, wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length);
  for (const [i, value] of wanted.entries())
    expect(Math.abs(got[i]! - value), `${i}: ${got[i]}, not ${value}`).toBeLessThanOrEqual(
      TOLERANCE * Math.max(1, Math.abs(value)),
    );
}

const expected = (variant: Variant): Outcome | undefined => {
  if (matches(AS_NEWER, variant)) return newer[variant.name];
  return [older[variant.name]!, newer[variant.name]!].find(loads);
};

const open = async (variant: Variant) =>
  RoFormer.load(await folderOf(variant), { head: variant.head ?? "sequence-classification" });

const readable = variants.filter((one) => expected(one) && !matches(REFUSED_HERE, one));
const classifiers = readable.filter(({ head }) => head === undefined);
const activated = classifiers.filter(({ name }) => /activation_fn|sbert_ce/.test(name) && !/null|my_module/.test(name));

describe("a classifier gives what transformers gives", () => {
  it.each(classifiers.filter((one) => !activated.includes(one)))("$name", async (variant) => {
    const { names, scores, top } = expected(variant)!;
    const model = await open(variant);
    const found = await model.classify(texts);
    const wanted = new Set(names);
    // Names that are objects have another spelling here.
    if (!names!.some((name) => name.startsWith("{"))) {
      expect(new Set(Object.keys(found[0]!.scores))).toEqual(wanted);
      expect(found.map(({ label }) => label)).toEqual(top);
    }
    for (const [i, row] of scores!.entries()) {
      if (wanted.size === row.length) expectNumbers(Object.values(found[i]!.scores), inOrder(names!, row));
      expectNumbers([found[i]!.score], [Math.max(...row)]);
    }
    model.close();
  });
});

/** Scores as JavaScript orders the fields that `names` are: whole numbers first. */
function inOrder(names: readonly string[], scores: readonly number[]): number[] {
  return Object.values(Object.fromEntries(names.map((name, i) => [name, scores[i]!])));
}

describe("a cross-encoder gives what sentence-transformers gives", () => {
  it.each(activated)("$name", async (variant) => {
    const { crossEncoder } = newer[variant.name]!;
    const model = await open(variant);
    const pairs = texts.map(() => "the mat");
    if (variant.name.includes("GELU")) {
      await expect(model.classify(texts, { pairs })).rejects.toThrow(/GELU", not one of .*functionToApply/);
    } else {
      const found = await model.classify(texts, { pairs });
      for (const [i, row] of crossEncoder!.entries()) expectNumbers(Object.values(found[i]!.scores), row);
    }
    const { scores } = older[variant.name]!;
    const functionToApply = variant.name.includes("regression") ? "none" : variant.rows === 1 ? "sigmoid" : "softmax";
    const asPipeline = await model.classify(texts, { functionToApply });
    for (const [i, row] of scores!.entries()) expectNumbers(Object.values(asPipeline[i]!.scores), row);
    model.close();
  });

  it("is more than a few cases", () => expect(activated.length).toBeGreaterThan(25));
});

describe("a head's encoder gives what transformers gives", () => {
  it.each(readable.filter(({ head }) => head !== undefined))("$name", async (variant) => {
    const model = await open(variant);
    const ids = model.tokenizer!.encode(texts[2]!).ids;
    const { lastHiddenState } = model.forward({ inputIds: [[...ids]] });
    const width = lastHiddenState.shape.at(-1)!;
    const first = Array.from(ids, (_, token) => [...lastHiddenState.data.subarray(token * width, token * width + 3)]);
    expectNumbers(first.flat(), expected(variant)!.hidden!);
    model.close();
  });
});

describe("what transformers refuses is refused", () => {
  const refused = variants.filter((one) => matches(REFUSED_HERE, one) || !expected(one));
  it.each(refused.filter((one) => !matches(READ_HERE, one)))("$name", async (variant) => {
    const error = await open(variant).catch((error: unknown) => error);
    expect(error instanceof ConfigError || error instanceof CheckpointError, String(error)).toBe(true);
    const [field] = /"(\w+)":/.exec(variant.set ?? "") ?? [];
    if (error instanceof ConfigError) {
      expect(error.message).toMatch(/^config\.json: /);
      expect(error.message).toContain(field === undefined ? "num_labels" : field.slice(1, -2).replace("id2label", ""));
    }
  });

  it.each(refused.filter((one) => matches(READ_HERE, one)))("but here it is read: $name", async (variant) => {
    const model = await open(variant);
    expect((await model.classify(texts)).length).toBe(texts.length);
    model.close();
  });
});
