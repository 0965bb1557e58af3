import { describe, expect, test } from "vitest";
import { ConfigError, ShapeError } from "../../ts/errors.js";
import { metrics } from "../../ts/metrics/index.js";

describe("by hand", () => {
  const [predictions, labels] = [
    [1, 1, 0, 0, 1],
    [1, 0, 0, 1, 1],
  ];

  test("two of three predicted are right, two of three found: F1 is 2/3, and Matthews is 1/6", () => {
    for (const name of ["precision", "recall", "f1"] as const) {
      expect(metrics[name](predictions, labels, { average: "binary" })).toBeCloseTo(2 / 3, 12);
    }
    // (TP TN - FP FN) / sqrt(3 · 3 · 2 · 2) = (2 - 1) / 6
    expect(metrics.matthews(predictions, labels)).toBeCloseTo(1 / 6, 12);
  });

  test("orders of BLEU without a match count as a half and a quarter of one", () => {
    // Words: 4 of 5; pairs: ab of 4; no run of three of 3, nor of four of 2.
    const { precisions, score } = metrics.bleu(["a b d c x"], [["a b c y d"]]);
    const expected = [4 / 5, 1 / 4, 1 / 2 / 3, 1 / 4 / 2].map((p) => 100 * p);
    for (const [n, p] of expected.entries()) expect(precisions[n]).toBeCloseTo(p, 10);
    expect(score).toBeCloseTo(expected.reduce((a, b) => a * b) ** (1 / 4), 10);
  });

  test("confusion rows are labels, columns predictions", () => {
    expect(metrics.confusionMatrix([1, 1, 0], [0, 0, 0])).toEqual([
      [1, 2],
      [0, 0],
    ]);
  });
});

test("a question without an answer is answered by an empty text, or by one of articles and punctuation", () => {
  expect(metrics.squad(["", "the .", "a cat"], [[], [], []])).toEqual({ exactMatch: 200 / 3, f1: 200 / 3 });
});

test("a constant whose mean is rounded has no correlation with anything", () => {
  const constant = new Array<number>(10).fill(0.1);
  const other = constant.map((_, i) => i * i);
  expect([metrics.pearson(constant, other), metrics.spearman(other, constant)]).toEqual([0, 0]);
});

test("sacrebleu's Chinese tokenizer cuts off quotation marks: its list of characters is read as Python reads it", () => {
  const { hypothesisLength } = metrics.bleu(["“ab”—c"], [["x"]], { tokenize: "zh" });
  expect(hypothesisLength).toBe(5);
});

test("predictions and labels that are not as many, none at all, and ids outside the matrix are ShapeErrors", () => {
  expect(() => metrics.accuracy([1], [1, 2])).toThrow("accuracy: predictions is 1, not 2, as labels");
  expect(() => metrics.f1([], [])).toThrow(ShapeError);
  expect(() => metrics.bleu(["a"], [])).toThrow(ShapeError);
  expect(() => metrics.confusionMatrix([0, 3], [0, 1], { numLabels: 2 })).toThrow(
    "row 1 is [1, 3], not two ids below 2",
  );
  expect(() => metrics.confusionMatrix([-1], [0])).toThrow(ShapeError);
});

test("options that do not exist are named with those that do", () => {
  expect(() => metrics.f1([1], [1], { average: "makro" as "macro" })).toThrow(ConfigError);
  expect(() => metrics.f1([1], [1], { average: "makro" as "macro" })).toThrow("average is makro, not one of macro");
  expect(() => metrics.bleu(["a"], [["a"]], { tokenize: "13b" as "13a" })).toThrow("tokenize is 13b, not one of 13a");
});

test("two hundred thousand rows are no trouble", () => {
  const ids = Array.from({ length: 200_000 }, (_, i) => i % 7);
  expect(metrics.accuracy(ids, ids)).toBe(1);
  expect(metrics.confusionMatrix(ids, ids).length).toBe(7);
  expect(metrics.spearman(ids, ids)).toBe(1);
});
