import { expect, test } from "vitest";
import { planOf } from "../../../ts/train/bagOfWords/plan.js";

const rows = (n: number, text: string, pairs = false) => ({
  texts: new Array<string>(n).fill(text),
  pairs: pairs ? new Array<string>(n).fill(text) : undefined,
});

test("settings win over what follows from the data", () => {
  const settings = { words: [2, 3], characters: [4, 4], buckets: 77, idf: false } as const;
  const plan = planOf(rows(10, "x".repeat(2 ** 17)), 3, settings);
  expect(plan).toEqual({ ...settings, rows: Int32Array.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) });
  expect(planOf(rows(3, "a b"), 1, { words: false })).toMatchObject({ words: undefined, characters: [3, 5] });
  expect(planOf(rows(3, "a b"), 1, { characters: false })).toMatchObject({ words: [1, 2], characters: undefined });
});

test("characters are of 3 to 5, and of 1 to 4 where words are long", () => {
  expect(planOf(rows(5, "quite ordinary words of a text"), 1, {}).characters).toEqual([3, 5]);
  expect(planOf(rows(5, "这间酒店环境和服务态度亦算不错,但房间空间太小。"), 1, {}).characters).toEqual([1, 4]);
  expect(planOf(rows(5, ""), 1, {}).characters).toEqual([3, 5]);
  // Words of 12 characters are not long yet.
  expect(planOf(rows(5, "abcdefghijkl mnopqrstuvwx"), 1, {}).characters).toEqual([3, 5]);
  expect(planOf(rows(5, "abcdefghijkl mnopqrstuvwxy"), 1, {}).characters).toEqual([1, 4]);
});

test("characters are left out for more than 2²² characters times logits, pairs counted, unless there would be nothing", () => {
  const half = rows(2 ** 12, "word ".repeat(2 ** 9 / 5 + 1).slice(0, 2 ** 9));
  const both = rows(2 ** 12, half.texts[0]!, true);
  expect(planOf(half, 2, {}).characters).toEqual([3, 5]);
  expect(planOf(half, 3, {}).characters).toBeUndefined();
  expect(planOf(both, 1, {}).characters).toEqual([3, 5]);
  expect(planOf(both, 2, {}).characters).toBeUndefined();
  expect(planOf(both, 2, { words: false }).characters).toEqual([3, 5]);
});

test("buckets times blocks times logits are at most 2²¹", () => {
  expect(planOf(rows(3, "a"), 1, {}).buckets).toBe(2 ** 18);
  expect(planOf(rows(3, "a", true), 2, {}).buckets).toBe(2 ** 18);
  expect(planOf(rows(3, "a", true), 3, {}).buckets).toBe(2 ** 17);
  expect(planOf(rows(3, "a", true), 3, { characters: false }).buckets).toBe(2 ** 18);
  expect(planOf(rows(3, "a"), 100_000, {}).buckets).toBe(2 ** 10);
});

test("of too much text, evenly spaced rows are used", () => {
  const long = "x".repeat(2 ** 17);
  expect(planOf(rows(512, long), 1, {}).rows).toHaveLength(512);
  const spaced = planOf(rows(1024, long), 1, {}).rows;
  expect([...spaced.slice(0, 4)]).toEqual([0, 2, 4, 6]);
  expect(spaced).toHaveLength(512);
  // What is behind the first 2¹⁷ characters of a text is not read, and does not count.
  expect(planOf(rows(512, `${long} and more`), 1, {}).rows).toHaveLength(512);
  expect(planOf(rows(512, long), 8, {}).rows).toHaveLength(512);
  expect(planOf(rows(512, long), 12, {}).rows).toHaveLength(341);
});
