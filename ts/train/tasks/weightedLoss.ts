import type { ValueWithGradient } from "../../autograd/external.js";
import type { LabelSet } from "../../data/labels.js";
import { ConfigError } from "../../errors.js";
import type { LossSettings } from "../settings/loss.js";

/** The weight of each class by its id, if any differs from 1. `ids`: the class of each training row. Errors: ConfigError. */
export function weightsOf(
  { classWeights }: LossSettings,
  labels: LabelSet,
  ids: readonly number[],
): Float64Array | undefined {
  if (classWeights === undefined) return undefined;
  const { names } = labels;
  if (classWeights === "balanced") {
    const counts = new Float64Array(names.length);
    for (const id of ids) counts[id]!++;
    return counts.map((count) => ids.length / (names.length * Math.max(1, count))); // scikit-learn's
  }
  const weights = new Float64Array(names.length).fill(1);
  for (const [name, weight] of Object.entries(classWeights)) {
    const id = labels.find(name);
    if (id === undefined)
      throw new ConfigError(`classWeights: unknown label ${JSON.stringify(name)}; known are ${names.join(", ")}`);
    if (!(typeof weight === "number" && weight >= 0 && Number.isFinite(weight)))
      throw new ConfigError(`classWeights: ${JSON.stringify(name)} is ${String(weight)}, not a number of at least 0`);
    weights[id] = weight;
  }
  return weights;
}

/**
 * Mean cross-entropy over rows with class weights and label smoothing (PyTorch's `CrossEntropyLoss`): the sum is divided by that of the
 * weights of the rows' classes. `logits`: `[rows, K]`.
 */
export function weightedCrossEntropy(
  logits: Float32Array,
  labels: readonly number[],
  { weights, smoothing }: { weights: Float64Array | undefined; smoothing: number },
): ValueWithGradient {
  const K = logits.length / labels.length;
  const gradient = new Float64Array(logits.length);
  const total = totalWeight(labels, weights);
  let value = 0;
  for (const [row, label] of labels.entries()) {
    const own = logits.subarray(row * K, (row + 1) * K);
    const top = own.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    const logSum = top + Math.log(own.reduce((sum, x) => sum + Math.exp(x - top), 0));
    const share = (c: number) => (weights?.[c] ?? 1) * ((c === label ? 1 - smoothing : 0) + smoothing / K);
    let all = 0;
    for (let c = 0; c < K; c++) {
      all += share(c);
      value += (share(c) * (logSum - own[c]!)) / total;
    }
    for (let c = 0; c < K; c++) gradient[row * K + c] = (all * Math.exp(own[c]! - logSum) - share(c)) / total;
  }
  return { value, gradient };
}

/** Sum of the weights of some labels. */
export const totalWeight = (labels: readonly number[], weights: Float64Array | undefined): number =>
  weights ? labels.reduce((sum, label) => sum + weights[label]!, 0) : labels.length;
