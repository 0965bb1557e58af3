import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Philox } from "../../ts/random/philox.js";
import { RoFormer } from "../../ts/roformer.js";
import { type FinetuneOptions, finetune } from "../../ts/train/index.js";
import { calibrationMetrics, fitTemperature, type Probabilities } from "../../ts/train/tasks/calibration.js";
import { crossEntropyOf } from "../../ts/train/tasks/losses.js";
import { ofClasses, ofLabels } from "../../ts/train/tasks/probabilities.js";
import { golden } from "../golden.js";
import { smallModel } from "../pipelines/models.js";
import { temporaryFolder } from "../process.js";

interface Case {
  readonly name: string;
  readonly kind: "classify" | "multilabel";
  readonly logits: number[][];
  readonly labels: (number | number[])[];
  readonly temperature: number;
  readonly loss: number;
  readonly lossAfter: number;
  readonly error: number;
  readonly errorAfter: number;
}
const { cases } = golden<{ cases: Case[] }>("calibration/calibration.json");
const rowsOf = ({ logits, labels }: Case) => logits.map((row, i) => ({ logits: row, label: labels[i] }));
const probabilitiesOf = ({ kind }: Case) => (kind === "classify" ? ofClasses : ofLabels) as Probabilities<unknown>;

describe("a temperature", () => {
  it.each(cases)("is the one that SciPy finds: $name", (one) => {
    const [rows, probabilities] = [rowsOf(one), probabilitiesOf(one)];
    const fitted = fitTemperature(rows, probabilities);
    const { temperature } = fitted as { temperature: number };
    // SciPy stops where the loss no longer changes, at about the root of what a double can tell apart.
    expect(temperature / one.temperature).toBeCloseTo(1, 6);
    const cooled = rows.map(({ logits, label }) => ({ logits: logits.map((x) => x / temperature), label }));
    const found = calibrationMetrics(cooled, probabilities, temperature);
    expect(found.expectedCalibrationError).toBeCloseTo(one.errorAfter, 6);
    expect(found.expectedCalibrationErrorBefore).toBeCloseTo(one.error, 9);
    expect(found.lossBefore).toBeCloseTo(one.loss, 9);
    expect(calibrationMetrics(rows, probabilities, undefined)).toEqual({
      expectedCalibrationError: expect.closeTo(one.error, 9),
    });
  });

  const why = (logits: number[][], labels: number[]) => {
    const found = fitTemperature(
      logits.map((row, i) => ({ logits: row, label: labels[i]! })),
      ofClasses,
    );
    return "why" in found ? found.why : found.temperature;
  };
  const sure = (n: number, wrong: readonly number[]) =>
    Array.from({ length: n }, (_, i) => (wrong.includes(i) ? [1, 0] : [0, 1]));
  const ones = (n: number) => Array(n).fill(1) as number[];

  it("is not made up where the rows do not tell", () => {
    expect(why(sure(19, [3, 9]), ones(19))).toBe("19 validation rows are fewer than 20");
    expect(why(sure(40, []), ones(40))).toMatch(/always right/);
    expect(why(sure(40, [...Array(30).keys()]), ones(40))).toMatch(/no better than guessing/);
    expect(why(sure(40, [5]), ones(40))).toBe("too few of the validation rows are wrong");
    // Logits that are right as they are: nine tenths of the rows say otherwise by chance alone.
    const random = new Philox(3, 1);
    const logits = Array.from({ length: 60 }, () => [0, 2 * random.uniform() - 1]);
    const labels = logits.map(([, x]) => (random.uniform() < 1 / (1 + Math.exp(-x!)) ? 1 : 0));
    expect(typeof why(logits, labels)).toBe("string");
  });
});

const WORDS = ["the", "cat", "sat", "on", "a", "mat", "dog", "ran", "in", "paris", "anna", "who"];

/**
 * A model of random weights in a folder, and texts whose labels are drawn from its own probabilities, which are right by that. The model that is
 * saved is `times` as sure.
 */
async function tooSure(seed: number, times: number, classes: number, several = false) {
  const random = new Philox(seed, 2);
  const problem = several ? { problem_type: "multi_label_classification" as const } : {};
  const model = await smallModel("sequence-classification", { num_labels: classes, ...problem });
  const texts = Array.from({ length: 560 }, () =>
    Array.from({ length: 4 + random.below(5) }, () => WORDS[random.below(WORDS.length)]).join(" "),
  );
  const rows = (await model.classify(texts)).map(({ scores }, i) => {
    const [names, shares] = [Object.keys(scores), Object.values(scores)];
    const given = names.filter((_, id) => random.uniform() < shares[id]!);
    const at = random.uniform();
    const below = (id: number) => shares.slice(0, id + 1).reduce((sum, share) => sum + share, 0);
    const label = names.find((_, id) => at < below(id)) ?? names[0]!;
    return { text: texts[i]!, label: several ? given : label };
  });
  for (const one of model.parameters())
    if (one.name.startsWith("classifier.out_proj")) one.write(one.read().map((x) => x * times));
  const folder = join(temporaryFolder(), "model");
  await model.save(folder);
  model.close();
  const parts = { train: rows.slice(0, 40), valid: rows.slice(40, 240), test: rows.slice(240) };
  /** Nearly nothing is trained. */
  const run = (options: object = {}) =>
    finetune({
      ...{ ...parts, text: "text", label: "label", init: folder, steps: 1, lr: 1e-9, bagOfWords: false },
      ...(!several && { labelNames: Array.from({ length: classes }, (_, i) => `LABEL_${i}`) }),
      ...options,
    } as FinetuneOptions);
  return { folder, texts: texts.slice(240), parts, run };
}

describe("finetune", () => {
  it.each([
    [1, 4, 2],
    [2, 2, 2],
    [3, 8, 3],
    [4, 0.3, 4],
    [5, 3, 5],
  ])(
    "finds by how much a model is too sure, and changes no label: set %i, times %d, %i classes",
    async (...set) => {
      const { run, texts } = await tooSure(...set);
      const messages: string[] = [];
      const plain = await run({ calibrate: false });
      const { model, metrics } = await run({ onMessage: (line: string) => messages.push(line) });
      const { temperature } = metrics;
      // 200 rows tell a temperature within about a fifth.
      expect(temperature! / set[1]).toBeGreaterThan(0.75);
      expect(temperature! / set[1]).toBeLessThan(1.33);
      expect(messages.join("\n")).toContain(`calibrated by a temperature of ${temperature!.toPrecision(4)}`);
      expect(metrics.settings).toMatchObject({ calibrate: true });
      expect(plain.metrics).toMatchObject({ accuracy: metrics.accuracy, settings: { calibrate: false } });
      expect(plain.metrics.temperature).toBeUndefined();
      expect(metrics.loss).toBeLessThan(plain.metrics.loss);
      expect(metrics.expectedCalibrationError).toBeLessThan(plain.metrics.expectedCalibrationError);
      expect(metrics.lossBefore).toBeCloseTo(plain.metrics.loss, 4);
      expect(metrics.expectedCalibrationErrorBefore).toBeCloseTo(plain.metrics.expectedCalibrationError, 4);
      // Nothing but the last layer differs, and it is what the temperature makes of it.
      for (const [i, one] of plain.model.parameters().entries()) {
        const factor = one.name.startsWith("classifier.out_proj") ? temperature! : 1;
        expect(model.parameters()[i]!.read()).toEqual(one.read().map((x) => x / factor));
      }
      const labels = async (of: RoFormer) => (await of.classify(texts)).map(({ label }) => label);
      expect(await labels(model)).toEqual(await labels(plain.model));
      for (const one of [plain.model, model]) one.close();
    },
    120_000,
  );

  it("calibrates several labels per text, and chooses thresholds afterwards", async () => {
    const { run, texts } = await tooSure(6, 5, 4, true);
    const out = join(temporaryFolder(), "model");
    const asked = { task: "multilabel", threshold: "auto" } as const;
    const { model, metrics } = await run({ ...asked, out });
    const saved = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
    expect(saved.temperature).toBe(metrics.temperature);
    expect(metrics.temperature! / 5).toBeCloseTo(1, 0);
    expect(metrics.loss).toBeLessThan(metrics.lossBefore!);
    const again = await RoFormer.load(out);
    expect(await again.classify(texts)).toEqual(await model.classify(texts));
    // Thresholds decide as those of the model that was not calibrated.
    const plain = await run({ ...asked, calibrate: false });
    expect(metrics.f1).toBe(plain.metrics.f1);
    for (const one of [again, model, plain.model]) one.close();
  }, 120_000);

  it("calibrates an adapter's head, and leaves what is frozen, has few rows or no probabilities", async () => {
    const { run, texts, parts } = await tooSure(7, 4, 2);
    const out = join(temporaryFolder(), "adapter");
    const adapted = await run({ lora: { r: 2 }, out });
    expect(adapted.metrics.temperature).toBeGreaterThan(3);
    const again = await RoFormer.load(out);
    expect(await again.classify(texts)).toEqual(await adapted.model.classify(texts));
    const messages: string[] = [];
    const onMessage = (line: string) => messages.push(line);
    const frozen = await run({ freeze: ["classifier"], onMessage });
    expect(messages).toContain("not calibrated: the classifier's last layer is frozen");
    expect(frozen.metrics.temperature).toBeUndefined();
    const few = await run({ valid: parts.valid.slice(0, 19), onMessage });
    expect(messages).toContain("not calibrated: 19 validation rows are fewer than 20");
    const numbers = ({ train, valid, test }: typeof parts) =>
      Object.fromEntries(
        Object.entries({ train, valid, test }).map(([name, rows]) => [
          name,
          rows.map(({ text }, i) => ({ text, label: i % 7 })),
        ]),
      );
    const regression = await run({ ...numbers(parts), task: "regress", labelNames: undefined });
    expect(regression.metrics).not.toHaveProperty("expectedCalibrationError");
    for (const one of [again, adapted.model, frozen.model, few.model, regression.model]) one.close();
  }, 120_000);
});

it("the log loss of a class is that of softmax", () => {
  expect(crossEntropyOf([1, 2, 3], 0)).toBeCloseTo(Math.log(Math.E + Math.E ** 2 + Math.E ** 3) - 1, 12);
});
