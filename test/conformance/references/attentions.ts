import type { AttentionName, Rotation } from "../../../ts/nn/attentions/index.js";
import * as formulas from "../../ops/formulas.js";
import { type FeatureReference, features } from "./features.js";
import type { PositionReference } from "./positions.js";

/** Sequences end to end. */
export interface Places {
  readonly offsets: readonly number[];
  readonly positions: readonly number[];
}

/** What an attention is asked, besides queries, keys and values. */
export interface AttentionProblem {
  readonly heads: number;
  /** Numbers a head, D. */
  readonly headSize: number;
  readonly position: PositionReference;
  readonly rotation: Rotation;
  /** ε inside of features; undefined: the member's default. */
  readonly epsilon: number | undefined;
  /** Random projections, `[M, D]`; empty for an attention without. */
  readonly projection: Float64Array;
  readonly queries: Places;
  readonly keys: Places;
  readonly causal?: boolean | undefined;
  readonly window?: number | undefined;
  readonly prefix?: readonly number[] | undefined;
  readonly bias?: { readonly numbers: Float64Array; readonly shape: readonly number[] } | undefined;
}

/**
 * An attention in f64, pair by pair: `[N, C]` from `[q, k, v]`. `anchor` is what stabilizers, which have no gradient, are taken from:
 * it stays as it is while the inputs vary.
 */
export type AttentionReference = (
  inputs: readonly Float64Array[],
  problem: AttentionProblem,
  anchor?: readonly Float64Array[],
) => Float64Array;

/** Every head's row of `size` numbers turned by its token's position. */
function turned(x: Float64Array, size: number, heads: number, { turn }: PositionReference, { positions }: Places) {
  const y = Float64Array.from(x);
  if (!turn) return y;
  for (let row = 0; row * size < x.length; row++) {
    const at = positions[Math.floor(row / heads)]!;
    y.set(turn(x.slice(row * size, (row + 1) * size), at), row * size);
  }
  return y;
}

/** softmax(R q · R k / √D + biases) v. */
const softmax: AttentionReference = ([q, k, v], problem) => {
  const { heads, headSize: D, position, queries, keys, causal, prefix, ...seen } = problem;
  return formulas.attention(
    turned(q!, D, heads, position, queries),
    turned(k!, D, heads, position, keys),
    v!,
    heads * D,
    {
      heads,
      queryOffsets: queries.offsets,
      keyOffsets: keys.offsets,
      queryPositions: queries.positions,
      keyPositions: keys.positions,
      causal: causal || prefix !== undefined,
      prefix,
      window: seen.window,
      ...(seen.bias && { bias: seen.bias }),
      slopes: position.slopes?.(heads),
    },
  );
};

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

/** Rows of `size` numbers. */
const rowsOf = (x: Float64Array, size: number): Float64Array[] =>
  Array.from({ length: x.length / size }, (_, n) => x.slice(n * size, (n + 1) * size));

/** RoFormer, eq. 19: Σⱼ (R φ(q) · R ϕ(k)) v / (Σⱼ φ(q) · ϕ(k) + 10⁻⁶), or turned elsewhere. */
function linear(feature: FeatureReference): AttentionReference {
  return ([q, k, v], problem, [fixedQ, fixedK] = [q!, k!]) => {
    const { heads, headSize: D, position, queries, keys, rotation, causal = false } = problem;
    const before = rotation === "rotate-before" ? position : {};
    const rows = (x: Float64Array, places: Places) => rowsOf(turned(x, D, heads, before, places), D);
    const [own, fixed] = [rows(q!, queries), rows(fixedQ!, queries)];
    const others = rows(k!, keys);
    const levels = rows(fixedK!, keys).map((key) => feature.level(key, problem));
    const after = (x: Float64Array, at: number) => (rotation !== "rotate-before" && position.turn?.(x, at)) || x;
    const y = new Float64Array(q!.length);
    for (const { i, h, from, to } of everyQuery(problem)) {
      const last = causal ? from + i.inSequence + 1 : to;
      const shift = Math.max(
        ...levels.filter((_, n) => {
          const key = Math.floor(n / heads);
          return n % heads === h && key >= from && key < (feature.sees(problem) ? to : last);
        }),
      );
      const p = feature.query(own[i.row * heads + h]!, fixed[i.row * heads + h]!, problem);
      const a = after(p, queries.positions[i.row]!);
      let denominator = 1e-6;
      const sums = y.subarray((i.row * heads + h) * D, (i.row * heads + h + 1) * D);
      for (let j = from; j < last; j++) {
        const r = feature.key(others[j * heads + h]!, shift, problem);
        const weight = dot(a, after(r, keys.positions[j]!));
        denominator += rotation === "rotate-both" ? weight : dot(p, r);
        for (let d = 0; d < D; d++) sums[d] = sums[d]! + weight * v![(j * heads + h) * D + d]!;
      }
      for (let d = 0; d < D; d++) sums[d] = sums[d]! / denominator;
    }
    return y;
  };
}

/** Every query and head, with where the keys of its sequence begin and end. */
function* everyQuery({ heads, queries, keys }: AttentionProblem) {
  for (let b = 0; b + 1 < queries.offsets.length; b++) {
    const [first, end] = [queries.offsets[b]!, queries.offsets[b + 1]!];
    for (let row = first; row < end; row++) {
      for (let h = 0; h < heads; h++)
        yield { i: { row, inSequence: row - first }, h, from: keys.offsets[b]!, to: keys.offsets[b + 1]! };
    }
  }
}

/** The naive twin of every registered attention. */
export const attentionReferences: Record<AttentionName, AttentionReference> = {
  softmax,
  "linear-elu": linear(features.elu),
  "linear-relu": linear(features.relu),
  "linear-shen": linear(features.shen),
  performer: linear(features.performer),
  "performer-relu": linear(features.performerRelu),
};
