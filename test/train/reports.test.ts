import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { EngineError } from "../../ts/errors.js";
import * as metrics from "../../ts/metrics/all.js";
import { trainBagOfWords } from "../../ts/train/bagOfWords/index.js";
import { baseline } from "../../ts/train/baseline.js";
import { evaluateRows } from "../../ts/train/evaluate.js";
import { evaluate, type FinetuneOptions, finetune, pretrain } from "../../ts/train/index.js";
import { ROOT, temporaryFolder } from "../process.js";

const rows = Array.from({ length: 60 }, (_, i) => ({
  text: `it is ${i % 3 ? "good" : "bad"} ${i}`,
  other: `no ${i}`,
  label: i % 3 ? "ham" : "spam",
}));
const small = { layers: 1, width: 8, heads: 2, vocabSize: 80, batch: 8, steps: 2, lr: 1e-9 };
const valid = rows.slice(0, 15);
const test = rows.slice(15, 45);
const run = (options: object = {}) =>
  finetune({ train: rows, valid, text: "text", label: "label", ...small, ...options } as FinetuneOptions);

describe("a bag of words beside a classifier", () => {
  it("has the scores of one trained on the training rows alone, on the rows of the model's own scores", async () => {
    // Labels of the last rows are wrong, so that the parts have different scores.
    const other = test.map((row, i) => (i < 10 ? { ...row, label: row.label === "ham" ? "spam" : "ham" } : row));
    const { model, metrics: found, evaluation, notes } = await run({ test: other });
    model.close();
    const ids = (list: typeof rows) => list.map(({ label }) => (label === "ham" ? 0 : 1));
    const bag = await trainBagOfWords({ texts: rows.map(({ text }) => text), labels: ids(rows), numLabels: 2 });
    const predicted = await bag.predict(other.map(({ text }) => text));
    expect(found.bagOfWords).toEqual({
      n: 30,
      accuracy: metrics.accuracy(predicted, ids(other)),
      f1: metrics.f1(predicted, ids(other), { average: "binary" }),
      precision: metrics.precision(predicted, ids(other), { average: "binary" }),
      recall: metrics.recall(predicted, ids(other), { average: "binary" }),
      matthews: metrics.matthews(predicted, ids(other)),
      validation: expect.objectContaining({ n: 15, accuracy: 1 }),
    });
    expect(found.bagOfWords!.accuracy).toBeCloseTo(20 / 30, 10);
    expect(evaluation.bagOfWords).toEqual(found.bagOfWords);
    const better = found.bagOfWords!.accuracy > found.accuracy;
    expect(notes.some((note) => /bag of words.*does better.*--init/.test(note))).toBe(better);
  });

  it("says that it does better, and that a pretrained model is the cure", async () => {
    const { model, notes, metrics: found } = await run();
    model.close();
    expect(found).toMatchObject({ part: "validation", bagOfWords: { n: 15, accuracy: 1 } });
    expect(found.accuracy).toBeLessThan(1);
    expect(notes.join("\n")).toMatch(
      /A bag of words.* does better: 100 % against \d+ %\. Start from a pretrained model/,
    );
  });

  it("reads pairs, and is left out where it is not wanted or cannot be", async () => {
    const pairs = await run({ text: "other", textPair: "text" });
    expect(pairs.metrics.bagOfWords).toMatchObject({ accuracy: 1 });
    const none = await run({ bagOfWords: false });
    expect(none.metrics.bagOfWords).toBeUndefined();
    expect(none.metrics.settings).toMatchObject({ bagOfWords: false });
    const values = rows.map((row, i) => ({ ...row, label: i / 7 }));
    const regression = await run({ task: "regress", train: values, valid: values });
    expect(regression.metrics.bagOfWords).toBeUndefined();
    for (const { model } of [pairs, none, regression]) model.close();
  });

  it("never fails a run, and ends with it", async () => {
    const messages: string[] = [];
    const call = { numLabels: 2, signal: undefined, onMessage: (line: string) => void messages.push(line) };
    const wrong = { texts: [["a"], ["b"]], labels: Int32Array.of(0, 5) };
    expect(await baseline(wrong, { validation: wrong }, call)).toEqual({});
    expect(messages).toEqual([
      "no bag of words to compare with: trainBagOfWords: label 1 is 5, not a whole number from 0 to 1",
    ]);
    const stopped = { ...call, signal: AbortSignal.abort() };
    const right = { texts: [["a"], ["b"]], labels: Int32Array.of(0, 1) };
    expect(await baseline(right, { validation: right }, stopped)).toEqual({});
    expect(messages).toHaveLength(1);
    const before = engine().live();
    const controller = new AbortController();
    const onMessage = (line: string) => /no text is longer|are cut|tokens$/.test(line) && controller.abort();
    await expect(run({ signal: controller.signal, onMessage })).rejects.toThrow("stopped before the first step");
    expect(engine().live()).toBe(before);
  });
});

describe("the scores of a run", () => {
  it("name part, settings, seed, split and version in metrics.json, in one flat object but for three", async () => {
    const out = join(temporaryFolder(), "model");
    const { model, metrics: found } = await run({ out, seed: 7, test, classWeights: { spam: 2, ham: 1 } });
    model.close();
    const saved = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
    const { peakMemory, ...own } = saved;
    expect(own).toEqual(JSON.parse(JSON.stringify(found)));
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(saved).toMatchObject({
      part: "test",
      seed: 7,
      version,
      split: { train: 60, valid: 15, test: 30, heldOut: false },
    });
    expect(saved.settings).toMatchObject({
      lr: 1e-9,
      batch: 8,
      steps: 2,
      layers: 1,
      classWeights: { spam: 2, ham: 1 },
    });
    expect(saved.settings.maxLength).toBeGreaterThan(3);
    const nested = Object.entries(saved).filter(([, value]) => typeof value === "object");
    expect(nested.map(([name]) => name).sort()).toEqual(["bagOfWords", "settings", "split"]);
    const held = await run({ valid: undefined });
    held.model.close();
    expect(held.metrics.split).toEqual({ train: 54, valid: 6, heldOut: true });
    expect(held.metrics.part).toBe("validation");
  });

  it("have Wilson's interval for an accuracy, and the class that F1 belongs to", async () => {
    const { model, metrics: found, evaluation } = await run();
    // scipy's binomtest(hits, 15).proportion_ci(method="wilson")
    const known: Record<number, [number, number]> = {
      5: [0.15176324439714725, 0.5828645226148023],
      10: [0.41713547738519774, 0.8482367556028528],
    };
    const [low, high] = known[Math.round(found.accuracy * 15)]!;
    expect(found.intervalOf).toBe("accuracy");
    expect(found.low).toBeCloseTo(low, 9);
    expect(found.high).toBeCloseTo(high, 9);
    expect(found.f1Label).toBe("spam");
    expect(evaluation.perClass.map(({ label, support }) => [label, support])).toEqual([
      ["ham", 10],
      ["spam", 5],
    ]);
    expect(evaluation.perClass[1]!.f1).toBe(found.f1);
    expect("details" in evaluation).toBe(false);
    model.close();
  });

  it("have the bootstrap's interval for other metrics, which holds the score", async () => {
    const values = rows.map((row, i) => ({ ...row, label: i % 3 }));
    const { model, metrics: found } = await run({ task: "regress", train: values, valid: values, steps: 60, lr: 3e-3 });
    model.close();
    const { intervalOf, low, high, spearman } = found as unknown as Record<string, number>;
    expect(intervalOf).toBe("spearman");
    expect(low).toBeLessThan(spearman!);
    expect(high).toBeGreaterThan(spearman!);
    expect(high! - low!).toBeLessThan(0.9);
  });

  it("come with what the model made of each row", async () => {
    const { model } = await run();
    const {
      evaluation,
      rows: read,
      predictions,
    } = await evaluateRows(model, { data: test, text: "text", label: "label" });
    const made = predictions();
    expect(read).toHaveLength(30);
    const answers = await model.classify(test.map(({ text }) => text));
    for (const [i, { predicted, score, loss, isRight }] of made.entries()) {
      expect(predicted).toBe(answers[i]!.label);
      expect(score).toBeCloseTo(answers[i]!.score, 6);
      expect(loss).toBeCloseTo(-Math.log(answers[i]!.scores[test[i]!.label]!), 5);
      expect(isRight).toBe(predicted === test[i]!.label);
    }
    expect(made.filter(({ isRight }) => isRight).length / 30).toBeCloseTo(
      (evaluation.metrics as { accuracy: number }).accuracy,
      12,
    );
    const again = await evaluate(model, { data: test, text: "text", label: "label" });
    expect(again.metrics).toEqual(evaluation.metrics);
    model.close();
  });
});

describe("a loss that is not a number", () => {
  it("names step and rows", async () => {
    const file = {
      name: "mails.csv",
      bytes: new Blob([`text,label\n${rows.map((r) => `${r.text},${r.label}\n`).join("")}`]),
    };
    const running = run({ train: file, lr: 1e30, steps: 30 });
    await expect(running).rejects.toBeInstanceOf(EngineError);
    await expect(running).rejects.toThrow(/^the loss of step \d+ is .*look at its rows: mails\.csv:\d+(, \d+){7}$/);
    await expect(run({ lr: 1e30, steps: 30 })).rejects.toThrow(/look at its rows: train\[\d+(, \d+){7}\]$/);
  });

  it("names the place in running text", async () => {
    const data = { name: "a.txt", bytes: new Blob(["so it goes. ".repeat(80)]) };
    const running = pretrain({
      objective: "clm",
      data,
      layers: 1,
      width: 8,
      heads: 2,
      maxLength: 16,
      batch: 2,
      steps: 30,
      lr: 1e30,
    });
    await expect(running).rejects.toThrow(/look at its rows: blocks \d+, \d+ of the text$/);
  });
});
