import { ConfigError, ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import type { Interval, IntervalOptions } from "./intervals.js";
import { meanOf } from "./moments.js";

/** What a model scores more than another one on the same seeds, folds or rows. */
export interface PairedDifference extends Interval {
  /** Number of pairs. */
  readonly n: number;
  /** Mean of the first values less the second ones. */
  readonly difference: number;
  /** Probability of a mean as far from 0, either way, if the true one is 0. */
  readonly pValue: number;
}

const INTERVAL: Names<IntervalOptions> = { level: true };

/**
 * Mean difference of paired values `a − b`, with Student's interval: scipy's `ttest_rel(a, b)` and its `confidence_interval(level)`. The
 * interval assumes that pairs are independent and differences about normal. Where all differences are equal, it has no width. Errors:
 * ShapeError for fewer than two pairs or values that are not finite, ConfigError.
 */
export function pairedDifference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: IntervalOptions = {},
): PairedDifference {
  checkOptions("pairedDifference", options, INTERVAL);
  const { level = 0.95 } = options;
  if (!(typeof level === "number" && level > 0 && level < 1))
    throw new ConfigError(`pairedDifference: level is ${level}, not a number between 0 and 1`);
  const n = a.length;
  if (b.length !== n) throw new ShapeError("pairedDifference: b", b.length, `of ${n} values, as many as a`);
  if (n < 2) throw new ShapeError("pairedDifference: the number of pairs", n, "at least 2");
  const differences = Array.from(a, (value, i) => value - b[i]!);
  if (!differences.every(Number.isFinite)) throw new ShapeError("pairedDifference: a − b", differences, "finite");
  const { mean, deviation } = meanOf(differences);
  const error = deviation! / Math.sqrt(n);
  const half = studentQuantile(level, n - 1) * error;
  const pValue = error === 0 ? (mean === 0 ? 1 : 0) : 1 - studentShare(Math.abs(mean) / error, n - 1);
  return { n, difference: mean, low: mean - half, high: mean + half, pValue };
}

/** How many standard errors around the mean hold the share `level` of Student's distribution. */
function studentQuantile(level: number, freedom: number): number {
  let [low, high] = [0, Math.PI / 2];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return Math.sqrt(freedom) * Math.tan(middle);
    if (shareWithin(middle, freedom) < level) low = middle;
    else high = middle;
  }
}

/** Share of Student's distribution that lies within `t` of 0. */
const studentShare = (t: number, freedom: number): number => shareWithin(Math.atan(t / Math.sqrt(freedom)), freedom);

/** The same for t = √freedom · tan(angle): the finite sums of Abramowitz & Stegun 26.7.3 and 26.7.4. */
function shareWithin(angle: number, freedom: number): number {
  const isOdd = freedom % 2 === 1;
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  let term = isOdd ? cosine : 1;
  let sum = 0;
  for (let k = isOdd ? 3 : 2; k <= freedom; k += 2) {
    sum += term;
    term *= ((k - 1) / k) * cosine * cosine;
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
