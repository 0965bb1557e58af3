import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Batches, type BatchSize, sortedBatches } from "../../ts/data/batches.js";
import { ConfigError } from "../../ts/errors.js";

const epoch = (batches: Batches, e: number) =>
  Array.from({ length: batches.perEpoch }, (_, i) => batches.at(e * batches.perEpoch + i));
const ascending = (rows: readonly number[]) => [...rows].sort((a, b) => a - b);
const lengths = fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 1, maxLength: 400 });
const sizes = fc.oneof(
  fc.integer({ min: 1, max: 40 }).map((rows): BatchSize => ({ rows })),
  fc.integer({ min: 1, max: 600 }).map((tokens): BatchSize => ({ tokens })),
);

test("an epoch has every row once, no batch is empty, and all epochs have as many batches", () => {
  fc.assert(
    fc.property(lengths, sizes, fc.nat(), (given, size, seed) => {
      const batches = new Batches(given, size, seed);
      for (const e of [0, 1, 7]) {
        const all = epoch(batches, e);
        expect(all.every((batch) => batch.length > 0)).toBe(true);
        expect(ascending(all.flat())).toEqual(given.map((_, i) => i));
      }
    }),
    { seed: 1, numRuns: 200 },
  );
});

test("a batch keeps to its rows, or exceeds its tokens by less than its longest row, and there are no more batches than needed", () => {
  fc.assert(
    fc.property(lengths, sizes, fc.nat(), (given, size, seed) => {
      const batches = new Batches(given, size, seed);
      const total = given.reduce((a, b) => a + b, 0);
      const needed = "rows" in size ? given.length / size.rows : total / size.tokens;
      expect(batches.perEpoch).toBeLessThan(needed + 1);
      for (const batch of epoch(batches, 0)) {
        const tokens = batch.map((i) => given[i]!);
        if ("rows" in size) expect(batch.length).toBeLessThanOrEqual(size.rows);
        // Fewer rows than batches by tokens: a row a batch.
        else if (batch.length > 1 && size.tokens >= 64)
          expect(tokens.reduce((a, b) => a + b, 0)).toBeLessThan(size.tokens + 64);
      }
    }),
    { seed: 2, numRuns: 200 },
  );
});

test("100 rows by 32 are four batches of 25", () => {
  const batches = new Batches(new Array(100).fill(1), { rows: 32 }, 1);
  expect(epoch(batches, 0).map((batch) => batch.length)).toEqual([25, 25, 25, 25]);
});

describe("a step's batch follows from seed and step alone:", () => {
  const given = Array.from({ length: 333 }, (_, i) => 5 + ((i * 37) % 90));

  test("asked first or after all others", () => {
    const inOrder = new Batches(given, { tokens: 700 }, 5);
    const steps = Array.from({ length: 3 * inOrder.perEpoch }, (_, step) => inOrder.at(step));
    for (const step of [0, 40, 2 * inOrder.perEpoch + 1, 7])
      expect(new Batches(given, { tokens: 700 }, 5).at(step)).toEqual(steps[step]);
    expect(inOrder.at(3)).toEqual(steps[3]);
  });

  test("another seed, or another epoch, gives others", () => {
    const [a, b] = [5, 6].map((seed) => new Batches(given, { rows: 16 }, seed));
    expect(epoch(a!, 0)).not.toEqual(epoch(b!, 0));
    const sets = (e: number) => epoch(a!, e).map((batch) => ascending(batch).join());
    expect(sets(1).filter((one) => sets(0).includes(one))).toEqual([]);
  });
});

test("rows of a batch are alike in length, and batches come in no order of length", () => {
  const given = Array.from({ length: 4096 }, (_, i) => 1 + ((i * 7919) % 500));
  const spread = (rows: readonly number[]) =>
    Math.max(...rows.map((i) => given[i]!)) - Math.min(...rows.map((i) => given[i]!));
  const all = epoch(new Batches(given, { rows: 16 }, 1), 0);
  const mean = all.reduce((sum, batch) => sum + spread(batch), 0) / all.length;
  expect(mean).toBeLessThan(30);
  const firsts = all.map((batch) => given[batch[0]!]!);
  const rises = firsts.filter((length, i) => i > 0 && length > firsts[i - 1]!).length / firsts.length;
  expect(Math.abs(rises - 0.5)).toBeLessThan(0.15);
});

test("no rows, and a size below 1, are refused", () => {
  expect(() => new Batches([], { rows: 1 }, 1)).toThrow(ConfigError);
  expect(() => new Batches([1], { rows: 0 }, 1)).toThrow("size is 0");
  expect(() => new Batches([1], { tokens: Number.NaN }, 1)).toThrow("size is NaN");
});

test("for evaluation all rows come once, longest first, and only a row that is too long alone exceeds the tokens", () => {
  const given = [3, 9, 1, 30, 4, 4];
  expect(sortedBatches(given, { tokens: 12 })).toEqual([[3], [1], [4, 5, 0, 2]]);
  expect(sortedBatches(given, { rows: 4 })).toEqual([
    [3, 1, 4, 5],
    [0, 2],
  ]);
  expect(sortedBatches([], { rows: 4 })).toEqual([]);
});

test("two hundred thousand rows are put in order in one go", () => {
  const batches = new Batches(new Uint16Array(200_000).fill(9), { rows: 20_000 }, 1);
  expect(epoch(batches, 0).flat().length).toBe(200_000);
});
