import { type FeatureMapName, featureMap } from "../../ts/ops/featureMap.js";
import { linearAttention } from "../../ts/ops/linearAttention.js";
import { integers, tensor } from "../../ts/tensor/tensor.js";
import type { OpCase } from "./cases.js";

const ints = (values: readonly number[]) => integers(Int32Array.from(values));
/** Far from 0, whatever the sign of the sums that it is added to. */
const EPSILON = 40;

/** Σⱼ (aᵢ · bⱼ) vⱼ / (Σⱼ (pᵢ · rⱼ) + ε), pair by pair. */
function formula([a, b, p, r, v]: Float64Array[], { heads, M, D, queries, keys, causal }: Sizes): Float64Array {
  const out = new Float64Array(queries.at(-1)! * heads * D);
  const dot = (x: Float64Array, i: number, y: Float64Array, j: number, head: number) => {
    let sum = 0;
    for (let m = 0; m < M; m++) sum += x[(i * heads + head) * M + m]! * y[(j * heads + head) * M + m]!;
    return sum;
  };
  for (let s = 0; s + 1 < queries.length; s++) {
    for (let i = queries[s]!; i < queries[s + 1]!; i++) {
      for (let head = 0; head < heads; head++) {
        let denominator = EPSILON;
        const sums = new Float64Array(D);
        for (let j = keys[s]!; j < (causal ? i + 1 : keys[s + 1]!); j++) {
          const weight = dot(a!, i, b!, j, head);
          denominator += dot(p!, i, r!, j, head);
          for (let c = 0; c < D; c++) sums[c] = sums[c]! + weight * v![(j * heads + head) * D + c]!;
        }
        for (let c = 0; c < D; c++) out[(i * heads + head) * D + c] = sums[c]! / denominator;
      }
    }
  }
  return out;
}

interface Sizes {
  readonly heads: number;
  readonly M: number;
  readonly D: number;
  readonly queries: readonly number[];
  readonly keys: readonly number[];
  readonly causal: boolean;
}

const sizes: readonly Sizes[] = [
  { heads: 1, M: 1, D: 1, queries: [0, 1], keys: [0, 1], causal: false },
  { heads: 2, M: 6, D: 3, queries: [0, 5, 5, 12], keys: [0, 5, 5, 12], causal: true },
  { heads: 2, M: 5, D: 8, queries: [0, 3, 4], keys: [0, 7, 9], causal: false },
  { heads: 1, M: 4, D: 9, queries: [0, 133], keys: [0, 133], causal: true },
];

function* attentionCases(): Generator<OpCase> {
  for (const size of sizes) {
    const { heads, M, D, queries, keys, causal } = size;
    const [N, S] = [queries.at(-1)!, keys.at(-1)!];
    yield {
      name: `linearAttention ${heads} heads, ${M} features, ${D} numbers, ${N} to ${S}, causal ${causal}`,
      op: (a, b, p, r, v) =>
        linearAttention(
          { a: a!, b: b!, p: p!, r: r!, v: v! },
          { heads, queryOffsets: ints(queries), keyOffsets: ints(keys), causal, epsilons: tensor([EPSILON]) },
        ),
      reference: (...inputs) => formula(inputs, size),
      factored: true,
      shapes: [
        [N, heads * M],
        [S, heads * M],
        [N, heads * M],
        [S, heads * M],
        [S, heads * D],
      ],
    };
  }
}

/** A map of one row of features, given what was projected. */
const maps: Record<FeatureMapName, (x: number[], z: number[]) => number[]> = {
  elu: (x) => x.map((one) => (one > 0 ? one + 1 : Math.exp(one))),
  relu: (x) => x.map((one) => Math.max(one, 0) + 1e-3),
  exponential: (x, z) => {
    const half = z.reduce((sum, one) => sum + one * one, 0) / 2;
    return x.map((one) => 0.5 * (Math.exp(one - half) + 1e-3));
  },
  softmax: (x) => {
    const top = Math.max(...x);
    const all = x.map((one) => Math.exp(one - top));
    const sum = all.reduce((a, b) => a + b, 0);
    return all.map((one) => one / sum);
  },
};

function* mapCases(): Generator<OpCase> {
  for (const [name, of] of Object.entries(maps) as [FeatureMapName, (typeof maps)[FeatureMapName]][]) {
    for (const [rows, width, depth] of [
      [1, 1, 1],
      [7, 5, 3],
      [20, 17, 4],
    ] as const) {
      const exponential = name === "exponential";
      yield {
        name: `featureMap ${name} [${rows}, ${width}]`,
        op: (x, z) =>
          featureMap(x!, name, { width, epsilon: 1e-3, factor: exponential ? 0.5 : 1, ...(exponential && { z: z! }) }),
        reference: (x, z) =>
          Float64Array.from(
            Array.from({ length: rows }, (_, r) =>
              of([...x!.subarray(r * width, (r + 1) * width)], [...(z ?? x!).subarray(r * depth, (r + 1) * depth)]),
            ).flat(),
          ),
        shapes: exponential
          ? [
              [rows, width],
              [rows, depth],
            ]
          : [[rows, width]],
      };
    }
  }
}

/** Linear attention, and the features that it is made of. */
export const linearCases: readonly OpCase[] = [...attentionCases(), ...mapCases()];
