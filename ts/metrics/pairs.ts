import { ShapeError } from "../errors.js";

/** Checks that there are as many labels as predictions, at least one; returns their number. */
export function samePairs(metric: string, predictions: ArrayLike<unknown>, labels: ArrayLike<unknown>): number {
  if (predictions.length !== labels.length)
    throw new ShapeError(`${metric}: predictions`, predictions.length, `${labels.length}, as labels`);
  if (labels.length === 0) throw new ShapeError(`${metric}: labels`, 0, "1 or more");
  return labels.length;
}

/** a / b, or 0 if b is 0 (scikit-learn's `zero_division=0`). */
export const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);
