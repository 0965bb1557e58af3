import { expect, test } from "vitest";
import { Philox, permutation, philox4x32 } from "../../ts/random/philox.js";
import { streams } from "../../ts/random/streams.js";

test.each([
  [[0, 0, 0, 0], [0, 0], "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
  [[0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], "408f276d 41c83b0e a20bc7c6 6d5451fd"],
  [[0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], "d16cfe09 94fdcceb 5001e420 24126ea1"],
] as const)("a block of counter %j and key %j is the one of Random123's kat_vectors", (counter, key, words) => {
  const block = philox4x32([...counter], [...key]);
  expect(block.map((word) => word.toString(16).padStart(8, "0")).join(" ")).toBe(words);
});

test("a sequence is its blocks in order, keyed by all 53 bits of the seed", () => {
  const random = new Philox(2 ** 40 + 7, 3, 9);
  const words = Array.from({ length: 8 }, () => random.word());
  expect(words).toEqual([0, 1].flatMap((block) => philox4x32([block, 0, 3, 9], [7, 2 ** 8])));
});

test("a permutation has every number once, and another seed, stream or step gives another order", () => {
  const orders = [permutation(50, 1, 1), permutation(50, 2, 1), permutation(50, 1, 2), permutation(50, 1, 1, 1)];
  for (const order of orders) expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(new Set(orders.map(String)).size).toBe(4);
  expect(permutation(50, 1, 1)).toEqual(orders[0]);
  expect([...permutation(0, 1, 1)]).toEqual([]);
});

test("the orders of three are equally likely: each of 6,000 draws' counts is within five deviations of 1,000", () => {
  const counts = new Map<string, number>();
  for (let step = 0; step < 6000; step++) {
    const order = permutation(3, 1, 1, step).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt((6000 * 5) / 36));
});

test("uniform numbers lie in [0, 1) and have the mean and variance of a uniform distribution", () => {
  const random = new Philox(3, 4);
  const numbers = Array.from({ length: 20_000 }, () => random.uniform());
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / numbers.length));
  const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
  expect(variance).toBeCloseTo(1 / 12, 2);
});

test("the streams' numbers are what saved runs were made with", () => {
  expect(streams).toEqual({
    initialisation: 0,
    dataOrder: 1,
    masking: 2,
    features: 3,
    sampling: 4,
    split: 5,
    bootstrap: 6,
    blockOrder: 7,
    blockOffset: 8,
    dropout: 1000,
  });
});
