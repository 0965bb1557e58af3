import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError, DataError, RoFormer } from "../../ts/index.js";
import type { RoFormerConfig } from "../../ts/models/config.js";
import { type EvaluateOptions, evaluate } from "../../ts/train/index.js";
import { ROOT } from "../process.js";

const home = join(ROOT, "test/golden/evaluate");
const columns = { text: "text", label: "label" };
const expected = JSON.parse(readFileSync(join(home, "expected.json"), "utf8")) as Record<string, object>;
const models = new Map<string, RoFormer>();
const score = (model: string, data: EvaluateOptions["data"], options: Partial<EvaluateOptions> = {}) =>
  evaluate(models.get(model)!, { data, ...columns, ...options });
const one = (label: unknown) => [{ text: "the cat", label }];

async function load(name: string, folder: string, config?: Partial<RoFormerConfig>) {
  models.set(name, await RoFormer.load(join(home, folder), config && { config }));
}

beforeAll(async () => {
  for (const folder of ["regression", "multi-label", "classes"]) await load(folder, folder);
  await load("named", "classes", { id2label: { 0: "no", 1: "yes" }, label2id: { no: 0, yes: 1 } });
  await load("by label2id", "classes", { id2label: null, label2id: { no: 0, yes: 1 } });
  await load("two values", "classes", { problem_type: "regression" });
  await load("no type", "regression", { problem_type: null });
});
afterAll(() => {
  for (const model of models.values()) model.close();
});

/** Holds every number of `want` against that of the same name. */
function expectClose(got: object, want: object): void {
  for (const [name, value] of Object.entries(want)) {
    const own = (got as Record<string, unknown>)[name];
    if (typeof value === "number")
      expect(Math.abs((own as number) - value), name).toBeLessThan(5e-6 * Math.max(1, Math.abs(value))); // logits are f32 on both sides
    else if (typeof value === "object") expectClose(own as object, value as object);
    else expect(own, name).toBe(value);
  }
}

describe("evaluate scores as scikit-learn and SciPy do", () => {
  it("a regression", async () => {
    for (const model of ["regression", "no type"]) {
      const { problem, metrics } = await score(model, join(home, "values.csv"));
      expect(problem).toBe("regression");
      expectClose(metrics, expected.regression!);
    }
  });

  it.each([
    ["JSON lists in csv", "labels.csv", undefined],
    ["lists of JSON Lines", "labels.jsonl", undefined],
    ["a text with separators", "labels-bar.csv", "|"],
  ])("several labels a text: %s", async (_, file, labelSeparator) => {
    const { problem, metrics } = await score("multi-label", join(home, file), { labelSeparator });
    expect(problem).toBe("multi_label_classification");
    expectClose(metrics, expected["multi-label"]!);
    if (problem === "multi_label_classification") expect(metrics.accuracy).toBe(metrics.subsetAccuracy);
  });

  it("classes without names, which the file numbers", async () => {
    const { problem, metrics } = await score("classes", join(home, "classes.csv"));
    expect(problem).toBe("single_label_classification");
    expectClose(metrics, expected.classes!);
  });

  it("classes by the names of label2id, and some of the classes alone", async () => {
    const text = readFileSync(join(home, "classes.csv"), "utf8").replace(/,0$/gm, ",no").replace(/,1$/gm, ", yes ");
    const bytes = new TextEncoder().encode(text);
    for (const model of ["named", "by label2id"])
      expectClose((await score(model, { name: "named.csv", bytes })).metrics, expected.classes!);
    const { metrics } = await score("named", one("no"));
    expect(metrics.n).toBe(1);
  });
});

describe("evaluate names what does not fit", () => {
  it.each<[string, EvaluateOptions["data"], Partial<EvaluateOptions>, string]>([
    ["regression", one("x"), {}, 'data[0]: the label is "x", not a number'],
    ["regression", one(""), {}, 'data[0]: the label is "", not a number'],
    ["regression", one("0,5"), {}, 'data[0]: the label is "0,5", not a number'],
    ["regression", one(Number.NaN), {}, "data[0]: the label is NaN, not a number"],
    ["regression", one(true), {}, "data[0]: the label is a boolean, not a number"],
    ["multi-label", one(["x", "q"]), {}, 'data[0]: unknown label "q"; known are "x", "y", "z", "w"'],
    ["multi-label", one("x, y"), {}, 'data[0]: unknown label "x, y"'],
    ["multi-label", one("[x]"), {}, 'data[0]: the labels "[x]" are not a JSON list'],
    ["multi-label", one(["x", null]), {}, 'data[0]: "label": item 1 is null, not a text'],
    ["multi-label", one({ x: 1 }), {}, 'data[0]: "label" is an object, not a text'],
    ["named", one("1"), {}, 'data[0]: unknown label "1"; known are "no", "yes"'],
    ["named", one(["no"]), {}, 'data[0]: "label" is a list, not a text'],
    ["named", one(""), {}, 'data[0]: the label in "label" is empty'],
    ["classes", one(2), {}, 'data[0]: unknown label "2"; known are "LABEL_0", "LABEL_1"'],
  ])("%s: %j %j", async (model, data, options, message) => {
    await expect(score(model, data, options)).rejects.toBeInstanceOf(DataError);
    await expect(score(model, data, options)).rejects.toThrow(message);
  });

  it.each<[string, Partial<EvaluateOptions>, string]>([
    ["two values", {}, "the model gives 2 values a text (problem_type regression), not 1"],
    [
      "named",
      { labelSeparator: "," },
      "labelSeparator is for several labels per text, and the model's problem_type is single",
    ],
    ["multi-label", { labelSeparator: "" }, 'labelSeparator is "", not a text'],
    ["named", { maxLength: "8" as never }, 'evaluate: maxLength is "8", a string, not a whole number of at least 3'],
  ])("%s with %j", async (model, options, message) => {
    await expect(score(model, one("no"), options)).rejects.toBeInstanceOf(ConfigError);
    await expect(score(model, one("no"), options)).rejects.toThrow(message);
  });
});
