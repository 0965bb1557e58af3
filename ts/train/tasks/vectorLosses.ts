import type { ValueWithGradient } from "../../autograd/external.js";

/** Cosines are multiplied by this: sentence-transformers' scale. */
export const SCALE = 20;

/** Vectors of length 1, and the lengths they had. */
interface Unit {
  readonly units: Float64Array;
  readonly norms: Float64Array;
  readonly width: number;
}

function unit(vectors: Float32Array, width: number): Unit {
  const units = Float64Array.from(vectors);
  const norms = new Float64Array(vectors.length / width);
  for (let r = 0; r < norms.length; r++) {
    let square = 0;
    for (let i = 0; i < width; i++) square += units[r * width + i]! ** 2;
    norms[r] = Math.max(Math.sqrt(square), 1e-8); // PyTorch's floor
    for (let i = 0; i < width; i++) units[r * width + i]! /= norms[r]!;
  }
  return { units, norms, width };
}

const cosine = ({ units, width }: Unit, a: number, b: number): number => {
  let sum = 0;
  for (let i = 0; i < width; i++) sum += units[a * width + i]! * units[b * width + i]!;
  return sum;
};

/** The gradient of the vectors, from those of some cosines: `[row, row, dLoss / dCosine]`. */
function gradientOf(unit: Unit, cosines: Iterable<readonly [a: number, b: number, slope: number]>): Float64Array {
  const { units, norms, width } = unit;
  const gradient = new Float64Array(units.length);
  for (const [a, b, slope] of cosines) {
    if (slope === 0) continue;
    const similar = cosine(unit, a, b);
    for (const [one, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const factor = slope / norms[one]!;
      for (let i = 0; i < width; i++)
        gradient[one * width + i]! += factor * (units[other * width + i]! - similar * units[one * width + i]!);
    }
  }
  return gradient;
}

/** Softmax of a list, and the logarithm of its sum of exponentials. */
export function softmax(scores: ArrayLike<number>): { probabilities: Float64Array; logSum: number } {
  let top = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scores.length; i++) top = Math.max(top, scores[i]!);
  const weights = Float64Array.from(scores, (x) => Math.exp(x - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return { probabilities: weights.map((weight) => weight / sum), logSum: Math.log(sum) + top };
}

/**
 * In-batch negatives (sentence-transformers' `MultipleNegativesRankingLoss`): of all second and third vectors of the batch each
 * first one should be most similar to its own second one. `vectors`: `[groups, size, width]`, of pairs (`size` 2) or triplets (3).
 */
export function inBatchNegatives(vectors: Float32Array, size: number, width: number): ValueWithGradient {
  const all = unit(vectors, width);
  const groups = all.norms.length / size;
  const candidates = Array.from({ length: groups * (size - 1) }, (_, i) => {
    const [group, place] = [i % groups, 1 + Math.floor(i / groups)];
    return group * size + place;
  });
  let value = 0;
  const slopes: [number, number, number][] = [];
  for (let g = 0; g < groups; g++) {
    const scores = Float64Array.from(candidates, (row) => SCALE * cosine(all, g * size, row));
    const { probabilities, logSum } = softmax(scores);
    value += (logSum - scores[g]!) / groups;
    for (const [i, row] of candidates.entries())
      slopes.push([g * size, row, (SCALE * (probabilities[i]! - (i === g ? 1 : 0))) / groups]);
  }
  return { value, gradient: gradientOf(all, slopes) };
}

/**
 * CoSENT (sentence-transformers' `CoSENTLoss`): a pair with a higher label should be more similar than one with a lower label:
 * log(1 + Σ exp(s of the lower − s of the higher)). `vectors`: `[pairs, 2, width]`.
 */
export function cosent(vectors: Float32Array, labels: readonly number[], width: number): ValueWithGradient {
  const all = unit(vectors, width);
  const scores = labels.map((_, i) => SCALE * cosine(all, 2 * i, 2 * i + 1));
  const pairs = labels.flatMap((low, i) => labels.flatMap((high, j) => (low < high ? [[i, j] as const] : [])));
  const { probabilities, logSum } = softmax(Float64Array.from([0, ...pairs.map(([i, j]) => scores[i]! - scores[j]!)]));
  const slope = new Float64Array(labels.length);
  for (const [p, [i, j]] of pairs.entries()) {
    slope[i]! += SCALE * probabilities[p + 1]!;
    slope[j]! -= SCALE * probabilities[p + 1]!;
  }
  return {
    value: logSum,
    gradient: gradientOf(
      all,
      labels.map((_, i) => [2 * i, 2 * i + 1, slope[i]!] as const),
    ),
  };
}

/** Mean squared difference of cosine and label (sentence-transformers' `CosineSimilarityLoss`). `vectors`: `[pairs, 2, width]`. */
export function cosineError(vectors: Float32Array, labels: readonly number[], width: number): ValueWithGradient {
  const all = unit(vectors, width);
  const differences = labels.map((label, i) => cosine(all, 2 * i, 2 * i + 1) - label);
  const n = labels.length;
  return {
    value: differences.reduce((sum, difference) => sum + difference ** 2, 0) / n,
    gradient: gradientOf(
      all,
      differences.map((difference, i) => [2 * i, 2 * i + 1, (2 * difference) / n] as const),
    ),
  };
}
