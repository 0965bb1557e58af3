import { EngineError } from "../errors.js";
import type { Tensor } from "../tensor/tensor.js";

/**
 * Reads rows of a tensor, `[R, …]`: the function gives rows `begin` … `end` − 1 as one list, of one row by default. Rows that hold
 * NaN or infinity, which would pass for some result, are an EngineError.
 */
export function finiteRows(tensor: Tensor): (begin: number, end?: number) => Float32Array {
  const numbers = tensor.read();
  const width = numbers.length / tensor.shape[0]!;
  return (begin, end = begin + 1) => {
    const rows = numbers.subarray(begin * width, end * width);
    if (rows.every(Number.isFinite)) return rows;
    throw new EngineError(
      "the model gives NaN or infinity: its weights are broken, as by a learning rate that was too high",
    );
  };
}

/** Probabilities of logits. */
export function softmax(logits: ArrayLike<number>): number[] {
  const all = Array.from(logits);
  const top = all.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = all.map((x) => Math.exp(x - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/**
 * Probabilities of logits, rounded to float32 as NumPy rounds them in Hugging Face's pipelines: several that are all but
 * 1, or all but 0, are equal there, and of equal ones the first counts.
 */
export function float32Softmax(logits: ArrayLike<number>): Float32Array {
  const weights = Float32Array.from(logits);
  const top = weights.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  for (let i = 0; i < weights.length; i++) weights[i] = Math.exp(Math.fround(weights[i]! - top));
  const sum = Math.fround(weights.reduce((a, b) => a + b, 0));
  return weights.map((weight) => weight / sum);
}

/** The index of the largest value; of equal ones the first. */
export const argmax = (values: ArrayLike<number>): number => {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
};

/** The indices of the `k` largest values, largest first; of equal ones the earlier first. */
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
