import { ConfigError, ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { Philox } from "../random/philox.js";
import { streams } from "../random/streams.js";

/** Where a value may be, given the rows that it was measured on. */
export interface Interval {
  /** Lower bound. */
  readonly low: number;
  /** Upper bound. */
  readonly high: number;
}

/** Options of {@link wilsonInterval}. */
export interface IntervalOptions {
  /** Share of the intervals that hold the true value. Default: 0.95. */
  readonly level?: number | undefined;
}

/** Options of {@link bootstrapInterval}. */
export interface BootstrapOptions extends IntervalOptions {
  /** How many times rows are drawn. Default: 1,000. */
  readonly resamples?: number | undefined;
  /** What the draws follow from. Default: 0. */
  readonly seed?: number | undefined;
}

const INTERVAL: Names<IntervalOptions> = { level: true };
const BOOTSTRAP: Names<BootstrapOptions> = { level: true, resamples: true, seed: true };

/**
 * Wilson's interval of a proportion, such as an accuracy: `hits` of `n` rows are right. It is scipy's
 * `binomtest(hits, n).proportion_ci(method="wilson")`. Errors: ShapeError for numbers that are not counts, ConfigError.
 */
export function wilsonInterval(hits: number, n: number, options: IntervalOptions = {}): Interval {
  checkOptions("wilsonInterval", options, INTERVAL);
  const level = checkedLevel("wilsonInterval", options);
  if (!Number.isSafeInteger(n) || n < 1) throw new ShapeError("wilsonInterval: n", n, "a whole number of at least 1");
  if (!Number.isSafeInteger(hits) || hits < 0 || hits > n)
    throw new ShapeError("wilsonInterval: hits", hits, `a whole number from 0 to ${n}`);
  const z = deviations(level);
  const middle = (hits + z ** 2 / 2) / (n + z ** 2);
  const half = (z / (n + z ** 2)) * Math.sqrt((hits * (n - hits)) / n + z ** 2 / 4);
  return { low: hits === 0 ? 0 : Math.max(0, middle - half), high: hits === n ? 1 : Math.min(1, middle + half) };
}

/**
 * Interval of any metric of `n` rows: the percentile bootstrap (Efron & Tibshirani 1993). `metric` gets the numbers of `n` rows that are
 * drawn with replacement, and must not keep the array. A draw whose metric is not a number is left out. The same seed gives the same
 * interval. Errors: ShapeError without rows, ConfigError, and what `metric` throws.
 */
export function bootstrapInterval(
  n: number,
  metric: (rows: Uint32Array) => number,
  options: BootstrapOptions = {},
): Interval {
  checkOptions("bootstrapInterval", options, BOOTSTRAP);
  const level = checkedLevel("bootstrapInterval", options);
  const { resamples = 1000, seed = 0 } = options;
  if (!Number.isSafeInteger(n) || n < 1)
    throw new ShapeError("bootstrapInterval: n", n, "a whole number of at least 1");
  if (!Number.isSafeInteger(resamples) || resamples < 1)
    throw new ConfigError(`bootstrapInterval: resamples is ${resamples}, not a whole number of at least 1`);
  const rows = new Uint32Array(n);
  const values: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    const random = new Philox(seed, streams.bootstrap, resample);
    for (let i = 0; i < n; i++) rows[i] = random.below(n);
    const value = metric(rows);
    if (!Number.isNaN(value)) values.push(value);
  }
  values.sort((a, b) => a - b);
  return { low: quantile(values, (1 - level) / 2), high: quantile(values, (1 + level) / 2) };
}

function checkedLevel(where: string, { level = 0.95 }: IntervalOptions): number {
  if (typeof level === "number" && level > 0 && level < 1) return level;
  throw new ConfigError(`${where}: level is ${level}, not a number between 0 and 1`);
}

/** Quantile of sorted values, straight between two of them, as NumPy's default. NaN where there are none. */
function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [low, high] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return low === high ? low : low + (place - below) * (high - low);
}

/** How many deviations around its mean hold the share `level` of a normal distribution: Newton's steps on its integral. */
function deviations(level: number): number {
  let z = Math.sqrt(-2 * Math.log((1 - level) / 2)) / 2;
  for (let step = 0; step < 100; step++) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    const change = (level / 2 - fromZero(z)) / density;
    z += Math.max(-0.5, Math.min(0.5, change));
    if (Math.abs(change) < 1e-15 * (1 + z)) break;
  }
  return z;
}

/** The normal density's integral from 0 to z: density · (z + z³/3 + z⁵/15 + …), all of whose terms are positive. */
function fromZero(z: number): number {
  let [term, sum] = [z, z];
  for (let k = 3; term > 1e-17 * sum; k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
