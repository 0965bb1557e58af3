import type { DropoutDraw } from "../../ops/dropout.js";
import { rope } from "../../ops/rope.js";
import type { Names } from "../../options.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { SequenceBatch } from "../packed.js";
import type { ParameterScope } from "../parameters.js";
import type { Position } from "../positions/index.js";
import type { AttentionFields, AttentionSettings } from "./options.js";

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

/** The arguments of attention besides queries, keys and values. */
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

/** What an attention is made from. */
export interface AttentionOptions extends AttentionSettings {
  /** Where it may declare what it needs beside queries, keys and values. */
  readonly params: ParameterScope;
  /** Number of heads, H. */
  readonly heads: number;
  /** Numbers a head, D. */
  readonly headSize: number;
  /** The position encoding. */
  readonly position: Position;
}

/** The attention of one layer, and what goes for all of its kind. */
export interface AttentionFactory {
  /** Makes the attention. Errors: ConfigError for options that do not go together. */
  (options: AttentionOptions): Attention;
  /** Settings of a causal model that nobody has set: without them later keys would count. */
  readonly causal?: AttentionFields | undefined;
}

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
