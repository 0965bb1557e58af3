import { EngineError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * Reads rows of a tensor, `[R, …]`: the function returns rows `begin` … `end` − 1 as one list; by default one row. Errors: EngineError for
 * rows with NaN or infinity.
 */
export function finiteRows(tensor: Tensor): (begin: number, end?: number) => Float32Array {
  const numbers = tensor.read();
  const width = numbers.length / tensor.shape[0]!;
  return (begin, end = begin + 1) => {
    const rows = numbers.subarray(begin * width, end * width);
    if (rows.every(Number.isFinite)) return rows;
    throw new EngineError(
      "the model returns NaN or infinity: its weights are broken, perhaps by too high a learning rate",
    );
  };
}

/** Softmax of logits. */
export function softmax(logits: ArrayLike<number>): number[] {
  const all = Array.from(logits);
  const top = all.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = all.map((x) => Math.exp(x - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * Softmax of logits, rounded to float32 as in Hugging Face's pipelines: values very close to
 * 1 or 0 become equal, and the first of equal ones counts.
 */
export function float32Softmax(logits: ArrayLike<number>): Float32Array {
  const weights = Float32Array.from(logits);
  const top = weights.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  for (let i = 0; i < weights.length; i++) weights[i] = Math.exp(Math.fround(weights[i]! - top));
  const sum = Math.fround(weights.reduce((a, b) => a + b, 0));
  return weights.map((weight) => weight / sum);
}

/** 1 / (1 + e^−x). */
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The index of the largest value; the first of equal ones. */
export const argmax = (values: ArrayLike<number>): number => {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
};

/** The indices of the `k` largest values, largest first; ties by index. */
export function largest(values: ArrayLike<number>, k: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (best.length === k && !(values[i]! > values[best[k - 1]!]!)) continue;
    let at = best.length;
    while (at > 0 && values[i]! > values[best[at - 1]!]!) at--;
    best.splice(at, 0, i);
    if (best.length > k) best.pop();
  }
  return best;
}
