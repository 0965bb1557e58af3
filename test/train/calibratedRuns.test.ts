import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { argmax } from "../../ts/pipelines/numbers.js";
import { RoFormer } from "../../ts/roformer.js";
import { compare, evaluate, finetune } from "../../ts/train/index.js";
import { calibrationMetrics, fitTemperature, type Probabilities } from "../../ts/train/tasks/calibration.js";
import { ofClasses, ofLabels } from "../../ts/train/tasks/probabilities.js";
import { temporaryFolder } from "../process.js";
import { hasModule, pythonJson } from "./python.js";

const folder = () => join(temporaryFolder(), "model");

/** Logits of 20 to 60 texts for 2 to 5 labels, and the labels of the texts. */
const texts = fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 20, max: 60 })).chain(([labels, rows]) =>
  fc.array(
    fc.record({
      logits: fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: labels, maxLength: labels }),
      label: fc.integer({ min: 0, max: labels - 1 }),
    }),
    { minLength: rows, maxLength: rows },
  ),
);

const lossOf = <L>(rows: readonly { logits: number[]; label: L }[], { loss }: Probabilities<L>, divisor = 1) =>
  rows.reduce(
    (sum, { logits, label }) =>
      sum +
      loss(
        logits.map((x) => x / divisor),
        label,
      ),
    0,
  ) / rows.length;

describe("a temperature of any logits", () => {
  it("has the lowest log loss on its rows, and changes no most likely class", () => {
    fc.assert(
      fc.property(texts, (rows) => {
        const fitted = fitTemperature(rows, ofClasses);
        if ("why" in fitted) return;
        const { temperature } = fitted;
        const best = lossOf(rows, ofClasses, temperature);
        for (const factor of [1 / temperature, 0.9, 0.999, 1.001, 1.1])
          expect(best).toBeLessThanOrEqual(lossOf(rows, ofClasses, temperature * factor) + 1e-12);
        for (const { logits } of rows) {
          const top = argmax(logits.map((x) => x / temperature));
          expect(logits[top]).toBe(Math.max(...logits));
        }
        const cooled = rows.map(({ logits, label }) => ({ logits: logits.map((x) => x / temperature), label }));
        const { lossBefore, expectedCalibrationErrorBefore } = calibrationMetrics(cooled, ofClasses, temperature);
        expect(lossBefore).toBeCloseTo(lossOf(rows, ofClasses), 9);
        expect(expectedCalibrationErrorBefore).toBeGreaterThanOrEqual(0);
        expect(expectedCalibrationErrorBefore).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("leaves several labels per text on their side of one half", () => {
    fc.assert(
      fc.property(texts, (drawn) => {
        const rows = drawn.map(({ logits, label }) => ({
          logits,
          label: Uint8Array.from(logits, (_, id) => (id <= label ? 1 : 0)),
        }));
        const fitted = fitTemperature(rows, ofLabels);
        if ("why" in fitted) return;
        expect(lossOf(rows, ofLabels, fitted.temperature)).toBeLessThanOrEqual(lossOf(rows, ofLabels) + 1e-12);
        for (const { logits } of rows)
          expect(logits.map((x) => x / fitted.temperature >= 0)).toEqual(logits.map((x) => x >= 0));
      }),
    );
  });
});

/** Rows of two labels that a word tells, a seventh of them wrongly. */
const rows = Array.from({ length: 96 }, (_, i) => ({
  text: `${i % 2 ? "good" : "bad"} text ${i} of ${i % 5} words`,
  label: (i % 2 === 0) === (i % 7 === 3) ? "yes" : "no",
}));
const options = {
  ...{ train: rows.slice(0, 48), valid: rows.slice(48), text: "text", label: "label", bagOfWords: false },
  ...{ vocabSize: 80, layers: 1, width: 16, heads: 2, steps: 90, evalEvery: 90, lr: 1e-2, batch: 8 },
};

describe("a calibrated run", () => {
  it("says what evaluate says of the folder, and Python computes the same scores from it", async () => {
    const out = folder();
    const { model, metrics } = await finetune<"classify">({ ...options, out });
    model.close();
    expect(JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"))).toMatchObject({
      temperature: metrics.temperature,
      expectedCalibrationError: metrics.expectedCalibrationError,
      settings: { calibrate: true },
    });
    const again = await RoFormer.load(out, { head: "sequence-classification" });
    const found = await evaluate(again, { data: options.valid, text: "text", label: "label" });
    const { loss, expectedCalibrationError, accuracy } = metrics;
    expect(found.metrics).toMatchObject({ loss, expectedCalibrationError, accuracy });
    expect(found.metrics).not.toHaveProperty("temperature");
    if (hasModule("transformers")) {
      const ids = options.valid.slice(0, 8).map(({ text }) => [...again.tokenizer!.encode(text).ids]);
      const script = `
import json, sys, torch, transformers
model = transformers.AutoModelForSequenceClassification.from_pretrained(sys.argv[1]).eval()
ids = json.loads(sys.argv[2])
with torch.no_grad():
    print(json.dumps([model(torch.tensor([one])).logits.softmax(1)[0].tolist() for one in ids]))`;
      const scores = pythonJson(script, out, JSON.stringify(ids)) as number[][];
      for (const [i, { scores: own }] of (
        await again.classify(options.valid.slice(0, 8).map(({ text }) => text))
      ).entries())
        for (const [id, score] of Object.values(own).entries()) expect(score).toBeCloseTo(scores[i]![id]!, 5);
    }
    again.close();
  });

  it("trains the same weights as one that is not, whatever the task", async () => {
    const weights = async (more: object) => {
      const { model, metrics } = await finetune({ ...options, ...more } as never);
      const all = new Map(model.parameters().map((one) => [one.name, one.read()]));
      model.close();
      return { all, metrics: metrics as { readonly temperature?: number } };
    };
    const numbers = (part: typeof rows) => part.map((row, i) => ({ ...row, label: i / 10 }));
    const lists = (part: typeof rows) => part.map((row) => ({ ...row, label: row.label === "yes" ? ["yes"] : [] }));
    for (const [task, change, isCalibrated] of [
      ["classify", (part: typeof rows) => part, true],
      ["multilabel", lists, true],
      ["regress", numbers, false],
    ] as const) {
      const data = { task, train: change(options.train), valid: change(options.valid) };
      const [plain, own] = [await weights({ ...data, calibrate: false }), await weights(data)];
      const { temperature } = own.metrics;
      expect([task, temperature !== undefined]).toEqual([task, isCalibrated]);
      expect(plain.metrics).not.toHaveProperty("temperature");
      for (const [name, values] of plain.all) {
        const divisor = name.startsWith("classifier.out_proj") ? (temperature ?? 1) : 1;
        expect(own.all.get(name), name).toEqual(values.map((x) => x / divisor));
      }
    }
  }, 60_000);

  it("keeps a threshold that is a number, and tunes others on calibrated probabilities", async () => {
    const texts = options.valid.map(({ text }) => text);
    const labeled = async (more: object) => {
      const { model, metrics } = await finetune<"classify">({ ...options, ...more });
      const found = (await model.classify(texts)).map(({ label }) => label);
      model.close();
      return { found, metrics };
    };
    const [plain, own] = [await labeled({ calibrate: false, threshold: "auto" }), await labeled({ threshold: "auto" })];
    expect(own.found).toEqual(plain.found);
    // Of calibrated probabilities, fewer reach a high number.
    const sure = [await labeled({ calibrate: false, threshold: 0.8 }), await labeled({ threshold: 0.8 })];
    const [before, after] = sure.map(({ found }) => found.filter((label) => label === "yes").length);
    expect(own.metrics.temperature).toBeGreaterThan(1);
    expect(after).toBeLessThan(before!);
    expect(sure[1]!.metrics).toMatchObject({ threshold: 0.8, temperature: own.metrics.temperature });
  }, 60_000);

  it("is one of a comparison's, whose folds are scored together too", async () => {
    const all = { ...options, train: rows };
    const out = folder();
    const found = await compare({ finetune: all, folds: 2, seeds: [1, 2], out });
    const names = found.runs.map(
      ({ metrics }) => (metrics as { expectedCalibrationError?: number }).expectedCalibrationError,
    );
    expect(names.every((error) => error! >= 0 && error! <= 1)).toBe(true);
    const temperatures = found.runs.map(({ metrics }) => (metrics as { temperature?: number }).temperature);
    expect(temperatures.filter((temperature) => temperature! > 0).length).toBeGreaterThan(0);
    for (const { metrics } of found.alternatives[0]!.pooled!) {
      expect(metrics).toMatchObject({ n: rows.length });
      expect(metrics.expectedCalibrationError).toBeGreaterThanOrEqual(0);
      expect(metrics).not.toHaveProperty("temperature");
    }
    const resumed = await compare({ finetune: all, folds: 2, seeds: [1, 2], out, resume: true });
    expect(resumed.alternatives).toEqual(found.alternatives);
  }, 60_000);
});
