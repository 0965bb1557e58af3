import { expect, test } from "vitest";
import { compareLabels, inOrderOf, labelSet, labelsOf } from "../../ts/data/labels.js";
import type { Row } from "../../ts/data/values.js";
import { DataError } from "../../ts/errors.js";

const rows = (...labels: string[]): Row[] =>
  labels.map((label, i) => ({ values: { label }, file: "train.csv", line: i + 2 }));
const twice = (...labels: string[]) => rows(...labels, ...labels);

test("labels are sorted: numbers by value, texts by code units but for the numbers in them", () => {
  expect(labelsOf(twice("10", "9", "-1", "1.5"), "label").names).toEqual(["-1", "1.5", "9", "10"]);
  expect(labelsOf(twice("class 10", "b", "class 9", "B"), "label").names).toEqual(["B", "b", "class 9", "class 10"]);
});

test("the order of labels is one order, however they come", () => {
  const labels = ["", "a", "a1", "a1b", "a10", "a2", "01", "1", "1.0", "é", "Z", "10", "2", "x01y", "x1y"];
  for (const a of labels) {
    expect(compareLabels(a, a)).toBe(0);
    for (const b of labels) {
      expect(Math.sign(compareLabels(a, b))).toBe(-Math.sign(compareLabels(b, a)) || 0);
      if (a !== b && !(Number(a) === Number(b) && a.replace(/^0+/, "") === b.replace(/^0+/, "")))
        expect(compareLabels(a, b), `${a} ${b}`).not.toBe(0);
    }
  }
});

test("a row's id is its label's place", () => {
  const labels = labelsOf(twice("spam", "ham"), "label");
  expect(rows("spam", "ham").map((row) => labels.idOf(row, "label"))).toEqual([1, 0]);
});

test("names mean what the model's files say, and numbers the classes of LABEL_0, LABEL_1, …", () => {
  const labels = labelSet(["LABEL_0", "LABEL_1"], { ham: 0, spam: 1, other: 7, LABEL_1: 0 });
  const find = (...names: string[]) => names.map((name) => labels.find(name));
  expect(find("LABEL_0", "LABEL_1", "ham", "spam", "other")).toEqual([0, 1, 0, 1, undefined]);
  expect(find("0", "1", " 1 ", "1.0", "2", "-0", "1.5", "")).toEqual([0, 1, 1, 1, ...Array(4).fill(undefined)]);
  expect(labelSet(["no", "yes"]).find("1")).toBeUndefined();
  expect(labelSet(["1", "0"]).find("0")).toBe(1);
});

test("the same labels take a model's order, other ones do not", () => {
  const order = (own: string[], names: string[], others?: Record<string, number>) =>
    inOrderOf(labelSet(own, others), labelSet(names))?.names;
  expect(order(["POSITIVE", "NEGATIVE"], ["NEGATIVE", "POSITIVE"])).toEqual(["POSITIVE", "NEGATIVE"]);
  expect(order(["c ", "a", "b"], ["a", "b", "c"])).toEqual(["c", "a", "b"]);
  expect(order(["LABEL_0", "LABEL_1", "LABEL_2"], ["2", "0", "1"])).toEqual(["0", "1", "2"]);
  expect(order(["LABEL_0", "LABEL_1"], ["ham", "spam"], { spam: 0, ham: 1 })).toEqual(["spam", "ham"]);
  expect(order(["a", "b"], ["a", "c"])).toBeUndefined();
  expect(order(["a", "b", "c"], ["a", "b"])).toBeUndefined();
  expect(order(["a", "b"], ["a", "b", "c"])).toBeUndefined();
  expect(order(["LABEL_0", "LABEL_1"], ["0", "LABEL_0"])).toBeUndefined();
  expect(order(["LABEL_0", "LABEL_1"], ["1", "2"])).toBeUndefined();
});

test("white space around a label does not make another one", () => {
  expect(labelsOf(rows("ham", " ham", "spam ", "spam"), "label").names).toEqual(["ham", "spam"]);
});

test.each<[string, () => unknown, string]>([
  [
    "a label that is not a number",
    () => labelsOf([{ values: { label: Number.NaN }, file: "train", line: 1, index: 0 }], "label"),
    'train[0]: "label" is NaN, not a text',
  ],
  [
    "an unknown label at evaluation",
    () => labelSet(["ham", "spam"]).idOf(rows("ham", "spma")[1]!, "label"),
    'train.csv:3: unknown label "spma"; known are "ham", "spam"',
  ],
  [
    "a label that every object has",
    () => labelSet(["ham", "spam"]).idOf(rows("constructor")[0]!, "label"),
    'unknown label "constructor"',
  ],
  [
    "a label seen once",
    () => labelsOf(rows("ham", "spam", "spma", "spam", "ham"), "label"),
    'train.csv:4: the label "spma" occurs once',
  ],
  ["an empty label", () => labelsOf(rows("ham", " "), "label"), 'train.csv:3: the label in "label" is empty'],
  ["one label for all", () => labelsOf(rows("ham", "ham"), "label"), "train.csv: every row has the same label"],
  [
    "a column of texts",
    () => labelsOf(twice(...Array.from({ length: 1001 }, (_, i) => `t${i}`)), "label"),
    "1001 different labels",
  ],
])("%s is named in one line", (_, act, message) => {
  expect(act).toThrow(DataError);
  expect(act).toThrow(message);
});

test("a label seen once is fine where a file of its own is there to validate with", () => {
  expect(labelsOf(rows("ham", "spam", "ham"), "label", { once: "allow" }).names).toEqual(["ham", "spam"]);
});
