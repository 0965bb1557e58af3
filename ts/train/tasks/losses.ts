/** −log of the softmax of `logits` at `label`. */
export function crossEntropyOf(logits: ArrayLike<number>, label: number): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) top = Math.max(top, logits[i]!);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - top);
  return Math.log(sum) + top - logits[label]!;
}

/** Mean of −log σ(x) where the label is 1 and −log σ(−x) where it is 0. */
export function binaryCrossEntropyOf(logits: ArrayLike<number>, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const x = logits[i]!;
    sum += Math.max(x, 0) - x * labels[i]! + Math.log1p(Math.exp(-Math.abs(x)));
  }
  return sum / logits.length;
}
