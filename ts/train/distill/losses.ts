import type { ValueWithGradient } from "../../autograd/external.js";
import { SCALE, softmax } from "../tasks/vectorLosses.js";

/** PyTorch's floor of a norm. */
const FLOOR = 1e-8;

type Numbers = ArrayLike<number>;

const dot = (a: Numbers, b: Numbers, at = 0, bAt = 0, n = b.length): number => {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[at + i]! * b[bAt + i]!;
  return sum;
};

const normOf = (a: Numbers, at: number, n: number): number => Math.max(Math.sqrt(dot(a, a, at, at, n)), FLOOR);

/** A loss of a batch, and how well each of its texts or guesses agrees with the teacher, summed. */
export interface Judged extends ValueWithGradient {
  readonly agreed: number;
}

/** Mean over texts of 1 − cos(s, t). `vectors`: s, `[B, W]`; `targets`: t, B of W numbers. `agreed`: sum of the cosines. */
export function cosineDistance(vectors: Numbers, targets: readonly Numbers[]): Judged {
  const [n, gradient] = [targets.length, new Float64Array(vectors.length)];
  let agreed = 0;
  for (const [r, target] of targets.entries()) {
    const W = target.length;
    const [at, length] = [r * W, normOf(target, 0, W)];
    const norm = normOf(vectors, at, W);
    const cosine = dot(vectors, target, at) / (norm * length);
    agreed += cosine;
    for (let i = 0; i < W; i++)
      gradient[at + i] = ((cosine * vectors[at + i]!) / norm - target[i]! / length) / (norm * n);
  }
  return { value: 1 - agreed / n, gradient, agreed };
}

/**
 * Mean over texts and numbers of (s − t)² (sentence-transformers' `MSELoss`). `normalized`: s is scaled to length 1 first, as the teacher's
 * vectors are. `agreed`: sum of the cosines.
 */
export function vectorError(vectors: Numbers, targets: readonly Numbers[], normalized: boolean): Judged {
  const gradient = new Float64Array(vectors.length);
  let [value, agreed] = [0, 0];
  for (const [r, target] of targets.entries()) {
    const W = target.length;
    const at = r * W;
    const norm = normOf(vectors, at, W);
    const scale = normalized ? 1 / norm : 1;
    const share = 1 / (targets.length * W);
    const differences = Float64Array.from(target, (t, i) => scale * vectors[at + i]! - t);
    value += share * dot(differences, differences);
    agreed += dot(vectors, target, at) / (norm * normOf(target, 0, W));
    // Of a vector of length 1, what points along it changes nothing.
    const along = normalized ? dot(vectors, differences, at) / norm : 0;
    for (let i = 0; i < W; i++)
      gradient[at + i] = 2 * share * scale * (differences[i]! - (along * vectors[at + i]!) / norm);
  }
  return { value, gradient, agreed };
}

/** Tokens of a text that both models have: rows of the student's states, and the teacher's, `[rows, W]`. */
export interface TokenTargets {
  readonly rows: readonly number[];
  readonly states: Float32Array;
}

/**
 * Mean over texts of ‖S − T‖² / ‖T‖², over the tokens of a text that both models have; a text without any counts 0. `states`: S among all
 * states of the batch, `[N, W]`.
 */
export function relativeError(states: Numbers, targets: readonly TokenTargets[], width: number): ValueWithGradient {
  const gradient = new Float64Array(states.length);
  let value = 0;
  for (const { rows, states: wanted } of targets) {
    const square = dot(wanted, wanted);
    if (square === 0) continue;
    const share = 1 / (square * targets.length);
    for (let r = 0; r < rows.length; r++) {
      const [at, wantedAt] = [rows[r]! * width, r * width];
      for (let i = 0; i < width; i++) {
        const difference = states[at + i]! - wanted[wantedAt + i]!;
        value += share * difference * difference;
        gradient[at + i]! += 2 * share * difference;
      }
    }
  }
  return { value, gradient };
}

/**
 * In-batch negatives: of all teacher's vectors t of the batch, a student's vector s should be most similar to its own: mean of
 * −log softmax_j(20 cos(s_i, t_j))_i. `agreed`: texts whose own vector is the most similar.
 */
export function contrast(vectors: Numbers, targets: readonly Numbers[]): Judged {
  const [n, W] = [targets.length, targets[0]!.length];
  const gradient = new Float64Array(vectors.length);
  const lengths = targets.map((target) => normOf(target, 0, W));
  let [value, agreed] = [0, 0];
  for (let r = 0; r < n; r++) {
    const at = r * W;
    const norm = normOf(vectors, at, W);
    const cosines = targets.map((target, j) => dot(vectors, target, at) / (norm * lengths[j]!));
    const { probabilities, logSum } = softmax(cosines.map((cosine) => SCALE * cosine));
    value += (logSum - SCALE * cosines[r]!) / n;
    if (cosines.every((cosine, j) => j === r || cosine < cosines[r]!)) agreed++;
    for (const [j, target] of targets.entries()) {
      const slope = (SCALE * (probabilities[j]! - (j === r ? 1 : 0))) / (n * norm);
      for (let i = 0; i < W; i++)
        gradient[at + i]! += slope * (target[i]! / lengths[j]! - (cosines[j]! * vectors[at + i]!) / norm);
    }
  }
  return { value, gradient, agreed };
}

/** Outcomes that are compared one by one: their places among the student's logits, and their probabilities; the rest is one more. */
export interface Outcomes {
  readonly places: Numbers;
  readonly probabilities: Numbers;
}

/**
 * T² · KL(teacher ‖ student) of softmax(z / T), mean over rows (Hinton et al. 2015). Places that a teacher's row does not name are one outcome
 * together. `logits`: z of the student, `[R, V]`. `agreed`: rows in which both have the same most likely outcome.
 */
export function divergence(logits: Numbers, targets: readonly Outcomes[], temperature: number): Judged {
  const V = logits.length / targets.length;
  const gradient = new Float64Array(logits.length);
  const factor = (temperature * temperature) / targets.length;
  let [value, agreed] = [0, 0];
  for (const [r, { places, probabilities: wanted }] of targets.entries()) {
    const at = r * V;
    const scores = Float64Array.from({ length: V }, (_, i) => logits[at + i]! / temperature);
    const { probabilities: found } = softmax(scores);
    const rest = { wanted: 1, found: 1 };
    let [top, topPlace] = [-1, -1];
    for (let k = 0; k < places.length; k++) {
      const [place, p] = [places[k]!, wanted[k]!];
      rest.wanted -= p;
      rest.found -= found[place]!;
      if (p > top) [top, topPlace] = [p, place];
      if (p > 0) value += factor * p * Math.log(p / Math.max(found[place]!, Number.MIN_VALUE));
    }
    const hasRest = places.length < V && rest.wanted > REST;
    const ratio = hasRest ? rest.wanted / Math.max(rest.found, REST) : 0;
    if (hasRest) value += factor * rest.wanted * Math.log(ratio);
    // d/dz_i of −Σ p log q, of an outcome and of the rest.
    const slope = factor / temperature;
    const total = hasRest ? 1 : 1 - rest.wanted;
    for (let i = 0; i < V; i++) gradient[at + i] = slope * found[i]! * (total - ratio);
    for (let k = 0; k < places.length; k++)
      gradient[at + places[k]!]! += slope * (found[places[k]!]! * ratio - wanted[k]!);
    if (found.every((q, i) => i === topPlace || q < found[topPlace]!)) agreed++;
  }
  return { value, gradient, agreed };
}

/** What is left of 1 by rounding. */
const REST = 1e-9;
