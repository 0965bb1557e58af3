import { expect, test } from "vitest";
import { ConfigError, ShapeError } from "../../ts/errors.js";
import { metrics } from "../../ts/metrics/index.js";
import { meanOf } from "../../ts/metrics/moments.js";
import { golden } from "../golden.js";

interface Pairs {
  readonly a: readonly number[];
  readonly b: readonly number[];
  readonly level: number;
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  readonly pValue: number;
  readonly deviations: readonly [number, number];
}

const { pairedDifference } = metrics;
const { pairs } = golden<{ pairs: readonly Pairs[] }>("paired.json");

test.each(pairs.map((one) => [one.a.length, one.level, one] as const))(
  "the interval of %i pairs at %d is scipy's, and so is the p-value",
  (n, level, { a, b, difference, low, high, pValue, deviations }) => {
    const found = pairedDifference(a, b, { level });
    // Differences of values near 0.8, so absolute. Of one degree of freedom at 0.999 the quantile is a tangent near its pole: a unit
    // of the angle's last place counts 600 times there.
    const near = (n === 2 && level === 0.999 ? 1e-12 : 1e-13) * Math.max(1, Math.abs(high - low));
    expect(found.n).toBe(n);
    expect(Math.abs(found.difference - difference)).toBeLessThan(near);
    expect(Math.abs(found.low - low)).toBeLessThan(near);
    expect(Math.abs(found.high - high)).toBeLessThan(near);
    expect(Math.abs(found.pValue - pValue)).toBeLessThan(1e-13);
    for (const [i, side] of [a, b].entries()) {
      const { deviation } = meanOf(side);
      expect(Math.abs(deviation! / deviations[i]! - 1)).toBeLessThan(1e-13);
    }
  },
);

test("the level is 0.95 without one, equal differences have an interval without width, one value has no deviation", () => {
  expect(pairedDifference([1, 2, 4], [0, 2, 1])).toEqual(pairedDifference([1, 2, 4], [0, 2, 1], { level: 0.95 }));
  expect(pairedDifference([2, 3], [1, 2])).toEqual({ n: 2, difference: 1, low: 1, high: 1, pValue: 0 });
  expect(pairedDifference([2, 3], [2, 3])).toEqual({ n: 2, difference: 0, low: 0, high: 0, pValue: 1 });
  expect(meanOf([3])).toEqual({ n: 1, mean: 3 });
});

test.each([
  [() => pairedDifference([1], [2]), "the number of pairs is 1, not at least 2", ShapeError],
  [() => pairedDifference([1, 2], [2]), "pairedDifference: b is 1, not of 2 values, as many as a", ShapeError],
  [() => pairedDifference([1, Number.NaN], [2, 3]), "a − b is [-1, NaN], not finite", ShapeError],
  [() => pairedDifference([1, 2], [2, 3], { level: 95 }), "level is 95, not a number between 0 and 1", ConfigError],
])("%s is refused: %s", (run, message, kind) => {
  expect(run).toThrow(kind);
  expect(run).toThrow(message);
});
