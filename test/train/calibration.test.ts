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
    if (one.name === "twenty rows" && "why" in fitted) return; // see below
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

const words = Array.from({ length: 12 }, (_, i) => `word${i}`);

/** Texts of random words, of which two tell the class in most rows; what a small model learns of the rest by heart is wrong. */
function noisy(seed: number, noise: number, classes = 2) {
  const random = new Philox(seed, 2);
  return Array.from({ length: 700 }, () => {
    const label = random.below(classes);
    const shown = random.uniform() < noise ? random.below(classes) : label;
    const text = [`sign${shown}`, ...Array.from({ length: 7 }, () => words[random.below(12)])].join(" ");
    return { text, label: `class${label}`, tags: [`class${label}`, ...(shown === 0 ? ["zero"] : [])] };
  });
}
const small = { layers: 1, width: 32, heads: 2, vocabSize: 120, batch: 16, epochs: 16, lr: 4e-3, bagOfWords: false };
const parts = (rows: ReturnType<typeof noisy>) => ({
  ...{ train: rows.slice(0, 200), valid: rows.slice(200, 300), test: rows.slice(300) },
});
const run = (rows: ReturnType<typeof noisy>, options: object = {}) =>
  finetune({ ...parts(rows), text: "text", label: "label", ...small, ...options } as FinetuneOptions);

describe("finetune", () => {
  it.each([
    [1, 0.2, 2],
    [2, 0.4, 2],
    [3, 0.5, 3],
    [4, 0.3, 4],
    [5, 0.6, 2],
  ])("has a lower log loss on test rows, with the same labels: set %i, noise %d, %i classes", async (seed, ...kind) => {
    const rows = noisy(seed, ...kind);
    const messages: string[] = [];
    const plain = await run(rows, { calibrate: false });
    const { model, metrics } = await run(rows, { onMessage: (line: string) => messages.push(line) });
    const { temperature } = metrics;
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
    const texts = parts(rows).test.map(({ text }) => text);
    const labels = async (of: RoFormer) => (await of.classify(texts)).map(({ label }) => label);
    expect(await labels(model)).toEqual(await labels(plain.model));
    plain.model.close();
    model.close();
  });

  it("calibrates several labels per text, and chooses thresholds afterwards", async () => {
    const rows = noisy(6, 0.5);
    const options = { task: "multilabel", label: "tags", threshold: "auto", out: join(temporaryFolder(), "m") };
    const { model, metrics } = (await run(rows, options)) as unknown as Awaited<
      ReturnType<typeof finetune<"multilabel">>
    >;
    const saved = JSON.parse(readFileSync(join(options.out, "metrics.json"), "utf8"));
    expect(saved.temperature).toBe(metrics.temperature);
    expect(metrics.loss).toBeLessThan(metrics.lossBefore!);
    const again = await RoFormer.load(options.out);
    const texts = parts(rows).test.map(({ text }) => text);
    const scores = await again.classify(texts, { topK: null } as object);
    expect(scores).toEqual(await model.classify(texts, { topK: null } as object));
    // The temperature of the plain model's probabilities, and thresholds that decide as the plain model's would.
    const plain = (await run(rows, { ...options, out: undefined, calibrate: false })) as unknown as typeof metrics & {
      model: RoFormer;
      metrics: typeof metrics;
    };
    expect(metrics.perLabel.map(({ threshold: _, ...one }) => one)).toEqual(
      plain.metrics.perLabel.map(({ threshold: _, ...one }) => one),
    );
    for (const one of [again, model, plain.model]) one.close();
  });

  it("calibrates an adapter's head, and leaves what is frozen, or has no probabilities", async () => {
    const rows = noisy(7, 0.5);
    const out = join(temporaryFolder(), "base");
    (await run(rows, { out, epochs: 1, calibrate: false })).model.close();
    const init = { init: out, layers: undefined, width: undefined, heads: undefined, vocabSize: undefined };
    const adapted = await run(rows, { ...init, lora: { r: 4 }, epochs: 12, lr: 1e-2, out: `${out}-lora` });
    expect(adapted.metrics.temperature).toBeGreaterThan(1);
    const again = await RoFormer.load(`${out}-lora`);
    const texts = parts(rows).test.map(({ text }) => text);
    expect(await again.classify(texts)).toEqual(await adapted.model.classify(texts));
    const messages: string[] = [];
    const onMessage = (line: string) => messages.push(line);
    const frozen = await run(rows, { ...init, freeze: ["classifier"], onMessage });
    expect(messages).toContain("not calibrated: the classifier's last layer is frozen");
    expect(frozen.metrics.temperature).toBeUndefined();
    const numbers = rows.map((row, i) => ({ ...row, label: i % 7 }));
    const regression = await run(numbers as never, { task: "regress", epochs: 1 });
    expect(regression.metrics).not.toHaveProperty("expectedCalibrationError");
    const few = await run(rows, { valid: rows.slice(200, 219), epochs: 1, onMessage });
    expect(messages.at(-1) + messages.join()).toContain("not calibrated: 19 validation rows are fewer than 20");
    for (const one of [again, adapted.model, frozen.model, regression.model, few.model]) one.close();
  });
});

it("the log loss of a class is that of softmax", () => {
  expect(crossEntropyOf([1, 2, 3], 0)).toBeCloseTo(Math.log(Math.E + Math.E ** 2 + Math.E ** 3) - 1, 12);
});
