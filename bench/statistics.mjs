// Figures that stand for many.

/**
 * The value below which the part `at` of `values` lies, between neighbours where it has to be.
 * @param {readonly number[]} values at least one
 * @param {number} at from 0 to 1
 */
export function quantile(values, at) {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * at;
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return low + (high - low) * (place - Math.floor(place));
}

/** @param {readonly number[]} values at least one */
export const median = (values) => quantile(values, 0.5);

/**
 * Median and quartiles.
 * @param {readonly number[]} values at least one
 */
export const summary = (values) => ({
  median: median(values),
  low: quantile(values, 0.25),
  high: quantile(values, 0.75),
  samples: values.length,
});

/**
 * The largest difference of two lists, over the largest number of `wanted` (at least 1).
 * @param {ArrayLike<number>} got
 * @param {ArrayLike<number>} wanted
 * @param {(index: number) => boolean} [counts] which numbers matter
 */
export function difference(got, wanted, counts = () => true) {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let [most, scale] = [0, 1];
  for (let i = 0; i < got.length; i++) {
    if (!counts(i)) continue;
    const apart = Math.abs(got[i] - wanted[i]);
    if (!(apart <= most)) most = apart; // also where it is NaN
    scale = Math.max(scale, Math.abs(wanted[i]));
  }
  return most / scale;
}
