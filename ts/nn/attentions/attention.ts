import type { DropoutDraw } from "../../ops/dropout.js";
import { rope } from "../../ops/rope.js";
import type { Names } from "../../options.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { SequenceBatch } from "../packed.js";
import type { ParameterScope } from "../parameters.js";
import type { Position } from "../positions/index.js";

/** Which keys a query sees, and how much it likes them. A query that sees none gives 0, never NaN. */
export interface Mask {
  /** No later key; false unless given. */
  readonly causal?: boolean;
  /** Keys at most so far away: a whole number from 1. */
  readonly window?: number;
  /** `[B]`: how many keys of each sequence every query sees, though `causal`, which this implies, hides later ones (UniLM). */
  readonly prefix?: Int32Array;
  /** Added to the scores, by numbers of query and key in their sequences: `[1 or H, T, S]`, for the longest ones. */
  readonly bias?: Tensor;
  /** The keys' sequences, where they are not the queries'. */
  readonly keys?: SequenceBatch;
}

/** The names of {@link Mask}. */
export const MASK: Names<Mask> = { causal: true, window: true, prefix: true, bias: true, keys: true };

/** What attention is told besides its queries, keys and values. */
export interface AttentionCall {
  /** Number of heads, H. */
  readonly heads: number;
  /** The queries' sequences; the keys' too unless `mask` has others. */
  readonly batch: SequenceBatch;
  /** The position encoding. */
  readonly position: Position;
  /** Which keys a query sees. */
  readonly mask: Mask;
  /** Dropout of the probabilities, in training. */
  readonly dropout?: DropoutDraw;
}

/**
 * Where linear attention turns by position (RoFormer, §3.3):
 *
 * - `eq19`: the features of the numerators, as the paper does: scores depend on distances alone. Their weights may be negative, and do
 *   not sum up to 1.
 * - `rotate-before`: queries and keys before features are made of them: weights are positive and sum up to 1, but depend on
 *   distances alone only as far as the features stand for softmax's exponentials.
 * - `rotate-both`: numerators and denominators: distances alone, but a denominator may vanish.
 */
export type Rotation = "eq19" | "rotate-before" | "rotate-both";

/** Every {@link Rotation}. */
export const ROTATIONS = ["eq19", "rotate-before", "rotate-both"] as const satisfies readonly Rotation[];

/** What an attention is made from. */
export interface AttentionOptions {
  /** Where it may declare what it needs beside queries, keys and values: `…attention.self`. */
  readonly scope: ParameterScope;
  /** Number of heads, H. */
  readonly heads: number;
  /** Numbers a head, D. */
  readonly headSize: number;
  /** The position encoding. */
  readonly position: Position;
  /**
   * Where linear attentions turn.
   * @default "eq19"
   */
  readonly rotation?: Rotation | undefined;
  /**
   * Features of a head, M, of random projections.
   * @default D · ln D
   */
  readonly numRandomFeatures?: number | undefined;
  /**
   * ε inside of features.
   * @default 10⁻⁴ of a Performer, 10⁻³ of a relu
   */
  readonly kernelEpsilon?: number | undefined;
}

/** Makes the attention of one layer. */
export type AttentionFactory = (options: AttentionOptions) => Attention;

/** A way for tokens to look at each other. It decides itself what is turned by position, and where. */
export interface Attention {
  /**
   * Whether it makes a score for each query and key. Without, it refuses what would hide or change scores: the masks `window`,
   * `prefix` and `bias` in `forward`, and positions with `slopes` when it is made.
   */
  readonly scores: boolean;
  /**
   * `q` is `[N, C]`, `k` and `v` `[S, C]`, C = H · D; gives `[N, C]`. Errors: ShapeError for sizes that do not fit, ConfigError
   * for a mask that it cannot have.
   */
  forward(q: Tensor, k: Tensor, v: Tensor, call: AttentionCall): Tensor;
}

/** `x`, `[N, C]`, turned by the positions of `batch`, if the encoding turns. */
export function rotate(x: Tensor, { heads, position }: AttentionCall, batch: SequenceBatch): Tensor {
  const table = position.table?.(batch, x.shape[1]! / heads);
  return table ? rope(x, table, table.rows ?? batch.positions, heads) : x;
}
