import { describe, expect, it } from "vitest";
import { type FinetuneOptions, finetune } from "../../ts/train/index.js";
import { suggestionFor } from "../../ts/train/tasks/suggest.js";

const rows = (labels: readonly unknown[]) =>
  labels.map((label, index) => ({ values: { label }, file: "train", line: index + 1, index }));
const said = (labels: readonly unknown[]) => suggestionFor(rows(labels), "label");
const times = <T>(n: number, of: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));

describe("numbers with many different values", () => {
  it.each<[string, unknown[]]>([
    ["prices", times(60, (i) => (i * 37) % 500)],
    ["prices as text", times(60, (i) => String((i * 37) % 500))],
    ["percent with gaps", times(200, (i) => (i * i) % 101)],
    ["ages", times(500, (i) => 18 + (i % 60))],
    ["years", times(300, (i) => 1990 + (i % 30))],
    ["negative ones", times(100, (i) => (i % 21) - 10)],
    ["few rows each", times(60, (i) => i % 30)],
  ])("%s are likely values", (_, labels) => {
    expect(said(labels)).toContain(`the labels are ${new Set(labels).size} different numbers`);
    expect(said(labels)).toContain("(--task regress)");
  });

  it.each<[string, unknown[]]>([
    ["stars from 1 to 5", times(100, (i) => 1 + (i % 5))],
    ["IMDb's ratings", times(100, (i) => [1, 2, 3, 4, 7, 8, 9, 10][i % 8])],
    ["points from 0 to 10", times(100, (i) => i % 11)],
    ["0 and 1", times(100, (i) => String(i % 2))],
    ["ids of 77 intents", times(770, (i) => i % 77)],
    ["ids of 20 newsgroups, from 1", times(200, (i) => String(1 + (i % 20)))],
    ["names", times(100, (i) => `c${i % 30}`)],
    ["numbers and a name", [...times(100, (i) => i % 50), "unknown"]],
  ])("%s are likely classes", (_, labels) => {
    expect(said(labels)).toBeUndefined();
  });
});

describe("labels with separators", () => {
  it.each<[string, string, string[]]>([
    ["semicolons", ";", ["red;blue", "red", "blue", "red; green", "green"]],
    ["bars", "|", ["Action|Drama", "Drama", "Comedy|Drama", "Action"]],
    ["commas", ",", ["a,b", "b, c", "a, c"]],
    ["numbers", ",", ["1,3,5", "1,3", "3,5", "5"]],
    ["commas and bars", "|", ["x, y|z", "z", "x, y", "z|x, y"]],
  ])("%s part labels that combine", (_, separator, labels) => {
    const line = said(times(40, (i) => labels[i % labels.length]!));
    expect(line).toContain(`(--task multilabel --label-separator '${separator}')`);
    expect(line).toContain(`labelSeparator "${separator}"`);
  });

  it.each<[string, string[]]>([
    ["places", ["Paris, France", "Rome, Italy", "Lyon, France", "Oslo, Norway"]],
    ["a tree of classes", ["news,sport", "news,politics", "shop,sport", "shop,shoes", "shop,hats"]],
    ["decimal commas", ["0,5", "1,5", "2,5", "0,1", "1"]],
    ["a name with a comma", ["food, drink", "travel", "music", "sports", "arts"]],
    ["plain names", ["a", "b", "c"]],
    ["a trailing separator", ["a;", "b;", "a"]],
  ])("%s are one label each", (_, labels) => {
    expect(said(times(40, (i) => labels[i % labels.length]!))).toBeUndefined();
  });

  it("that are rare in the rows do not count", () => {
    expect(said([...times(95, (i) => "ab"[i % 2]!), "a;b", "a;b"])).toBeUndefined();
  });
});

describe("finetune", () => {
  const small = { layers: 1, width: 8, heads: 2, vocabSize: 60, batch: 16, steps: 1, bagOfWords: false };
  const lines = async (labels: readonly unknown[], options: object = {}) => {
    const messages: string[] = [];
    const train = labels.map((label, i) => ({ text: `text ${i}`, label }));
    const onMessage = (line: string) => void messages.push(line);
    const all = { train, valid: train, text: "text", label: "label", ...small, onMessage, ...options };
    const failure = await finetune(all as FinetuneOptions).then(
      ({ model }) => model.close(),
      (error: Error) => error.message,
    );
    return { failure, suggested: messages.filter((line) => line.includes("--task")) };
  };

  it("says it once, before it refuses the labels too, and not where the task is named", async () => {
    const prices = times(40, (i) => i * 13);
    expect((await lines(prices)).suggested).toHaveLength(1);
    const refused = await lines(prices, { valid: undefined });
    expect(refused.failure).toContain("occurs once");
    expect(refused.suggested).toHaveLength(1);
    expect((await lines(prices, { task: "classify" })).suggested).toEqual([]);
    expect((await lines(times(40, (i) => ["a;b", "a", "b"][i % 3]))).suggested).toHaveLength(1);
    expect((await lines(times(40, (i) => i % 5))).suggested).toEqual([]);
  });
});
