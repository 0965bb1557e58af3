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
