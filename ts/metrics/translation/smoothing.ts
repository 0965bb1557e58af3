/** How orders without a match are smoothed: sacrebleu's names, after Chen & Cherry (WMT 2014). */
export type SmoothMethod = "exp" | "floor" | "add-k" | "none";

/** `smoothValue` where none is set; undefined for methods that have no value. */
export const SMOOTH_VALUES: Readonly<Record<SmoothMethod, number | undefined>> = {
  ...{ exp: undefined, none: undefined },
  ...{ floor: 0.1, "add-k": 1 },
};

/** Numbers of n-grams of each order. */
export interface Counts {
  /** Those of the hypotheses that the references have. */
  readonly counts: readonly number[];
  /** All of the hypotheses. */
  readonly totals: readonly number[];
}

/** How precisions are computed. */
interface Smoothing {
  readonly method: SmoothMethod;
  readonly value: number;
  readonly effectiveOrder: boolean;
}

/** Smoothed counts, their precisions in percent, and their geometric mean over the orders that count, 0 … 100. */
export interface Precisions extends Counts {
  readonly precisions: readonly number[];
  readonly mean: number;
}

/** Precisions of all orders up to the first that the hypotheses have no n-gram of; 0 from there on, and all 0 without any match. */
export function smoothed(found: Counts, { method, value, effectiveOrder }: Smoothing): Precisions {
  const orders = found.counts.length;
  const precisions = new Array<number>(orders).fill(0);
  if (found.counts.every((count) => count === 0)) return { ...found, precisions, mean: 0 };
  const added = method === "add-k" ? value : 0;
  const plus = (numbers: readonly number[]) => numbers.map((number, n) => (n === 0 ? number : number + added));
  const [counts, totals] = [plus(found.counts), plus(found.totals)];
  let [doubled, last] = [1, orders];
  for (let n = 0; n < orders && totals[n] !== 0; n++) {
    if (effectiveOrder) last = n + 1;
    if (counts[n] !== 0) precisions[n] = (100 * counts[n]!) / totals[n]!;
    else if (method === "floor") precisions[n] = (100 * value) / totals[n]!;
    else if (method === "exp") {
      doubled *= 2;
      precisions[n] = 100 / (doubled * totals[n]!);
    }
  }
  return { counts, totals, precisions, mean: geometricMean(precisions.slice(0, last)) };
}

const geometricMean = (values: readonly number[]): number =>
  values.includes(0) ? 0 : Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
