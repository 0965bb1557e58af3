import { samePairs } from "./pairs.js";

/** One number per row. */
export type Values = ArrayLike<number>;

/** Mean of the squared differences. Errors: ShapeError. */
export function meanSquaredError(predictions: Values, labels: Values): number {
  const n = samePairs("meanSquaredError", predictions, labels);
  return Array.from(labels).reduce((sum, label, i) => sum + (predictions[i]! - label) ** 2, 0) / n;
}

/**
 * Pearson's correlation coefficient, −1 … 1. Returns 0 if it is undefined: one side is constant or has one value. Errors:
 * ShapeError.
 */
export function pearson(predictions: Values, labels: Values): number {
  samePairs("pearson", predictions, labels);
  return correlation(Array.from(predictions), Array.from(labels));
}

/** Spearman's correlation: Pearson's of the ranks; ties get their mean rank. Errors: ShapeError. */
export function spearman(predictions: Values, labels: Values): number {
  samePairs("spearman", predictions, labels);
  return correlation(ranks(Array.from(predictions)), ranks(Array.from(labels)));
}

function correlation(xs: readonly number[], ys: readonly number[]): number {
  // Compares the values: rounding of their mean gives constants a tiny variance.
  const constant = (values: readonly number[]) => values.every((value) => value === values[0]);
  if (constant(xs) || constant(ys)) return 0;
  const [x, y] = [centred(xs), centred(ys)];
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  return Math.min(1, Math.max(-1, dot(x, y) / (Math.sqrt(dot(x, x)) * Math.sqrt(dot(y, y)))));
}

function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

/** Ranks from 1; equal numbers share the mean of theirs. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const found = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) found[order[i]!] = (from + to - 1) / 2;
    from = to;
  }
  return found;
}
