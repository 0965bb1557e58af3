import { expect, test } from "vitest";
import { ConfigError, ShapeError } from "../../ts/errors.js";
import { metrics } from "../../ts/metrics/index.js";
import { golden } from "../golden.js";

interface Wilson {
  readonly hits: number;
  readonly n: number;
  readonly level: number;
  readonly low: number;
  readonly high: number;
}
interface Bootstrap {
  readonly metric: "accuracy" | "f1" | "matthews" | "spearman";
  readonly level: number;
  readonly resamples: number;
  readonly predictions: readonly number[];
  readonly labels: readonly number[];
  /** Mean and standard deviation over scipy's seeds. */
  readonly low: readonly [number, number];
  readonly high: readonly [number, number];
}

const { wilsonInterval, bootstrapInterval } = metrics;
const expected = golden<{ wilson: readonly Wilson[]; bootstrap: readonly Bootstrap[] }>("intervals.json");

test.each(expected.wilson)("Wilson's interval of $hits of $n at $level is scipy's", ({ hits, n, level, low, high }) => {
  const found = wilsonInterval(hits, n, { level });
  // Differences of nearly equal numbers: absolute, some units of the last place of 1.
  expect(Math.abs(found.low - low)).toBeLessThan(1e-13);
  expect(Math.abs(found.high - high)).toBeLessThan(1e-13);
});

test("the level is 0.95 without one", () => {
  expect(wilsonInterval(34, 40)).toEqual(wilsonInterval(34, 40, { level: 0.95 }));
  expect(wilsonInterval(34, 40)).not.toEqual(wilsonInterval(34, 40, { level: 0.9 }));
});

/** A metric of a list of rows. */
const metricOf = ({ metric, predictions, labels }: Bootstrap) => {
  const of = (values: readonly number[], rows: Uint32Array) => Array.from(rows, (row) => values[row]!);
  return (rows: Uint32Array) => metrics[metric](of(predictions, rows), of(labels, rows));
};

test.each(expected.bootstrap)("the bootstrap of $metric is one that scipy's might be", (one) => {
  const { labels, level, resamples, low, high } = one;
  for (const seed of [0, 1, 2 ** 40]) {
    const found = bootstrapInterval(labels.length, metricOf(one), { level, resamples, seed });
    // Five deviations: one of two million seeds is farther away.
    expect(Math.abs(found.low - low[0])).toBeLessThan(5 * low[1]);
    expect(Math.abs(found.high - high[0])).toBeLessThan(5 * high[1]);
  }
});

test("the bootstrap follows from its seed", () => {
  const mean = (rows: Uint32Array) => rows.reduce((sum, row) => sum + row ** 1.5, 0) / rows.length;
  const first = bootstrapInterval(30, mean, { seed: 7, resamples: 50 });
  expect(bootstrapInterval(30, mean, { seed: 7, resamples: 50 })).toEqual(first);
  expect(bootstrapInterval(30, mean, { seed: 8, resamples: 50 })).not.toEqual(first);
  expect(bootstrapInterval(30, mean)).toEqual(bootstrapInterval(30, mean, { seed: 0, resamples: 1000, level: 0.95 }));
});

test("a draw without a metric does not count, one row has one value, and bounds lie between draws", () => {
  let call = 0;
  const odd = () => (call++ % 2 === 0 ? Number.NaN : call);
  // 2, 4, 6, 8, 10 are left of ten draws; quarters of the way from the first to the last.
  expect(bootstrapInterval(3, odd, { resamples: 10, level: 0.5 })).toEqual({ low: 4, high: 8 });
  call = 0;
  expect(bootstrapInterval(3, odd, { resamples: 10, level: 0.75 })).toEqual({ low: 3, high: 9 });
  expect(bootstrapInterval(1, (rows) => rows[0]! + 5)).toEqual({ low: 5, high: 5 });
  expect(bootstrapInterval(3, () => Number.NaN)).toEqual({ low: Number.NaN, high: Number.NaN });
});

test.each([
  [() => wilsonInterval(3, 0), "wilsonInterval: n is 0, not a whole number of at least 1", ShapeError],
  [() => wilsonInterval(3, 2), "wilsonInterval: hits is 3, not a whole number from 0 to 2", ShapeError],
  [() => wilsonInterval(-1, 2), "wilsonInterval: hits is -1, not", ShapeError],
  [() => wilsonInterval(0.5, 2), "wilsonInterval: hits is 0.5, not", ShapeError],
  [() => wilsonInterval(1, 2, { level: 95 }), "wilsonInterval: level is 95, not a number between 0 and 1", ConfigError],
  [() => wilsonInterval(1, 2, { levle: 0.9 } as object), 'did you mean "level"?', ConfigError],
  [() => bootstrapInterval(0, () => 1), "bootstrapInterval: n is 0, not a whole number of at least 1", ShapeError],
  [() => bootstrapInterval(2, () => 1, { resamples: 0 }), "bootstrapInterval: resamples is 0, not", ConfigError],
  [() => bootstrapInterval(2, () => 1, { seed: -1 }), "seed is -1, not", ConfigError],
])("%s is refused: %s", (run, message, kind) => {
  expect(run).toThrow(kind);
  expect(run).toThrow(message);
});
