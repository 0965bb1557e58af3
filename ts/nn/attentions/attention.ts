import type { DropoutDraw } from "../../ops/dropout.js";
import { rope } from "../../ops/rope.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { SequenceBatch } from "../packed.js";
import type { Position } from "../positions/index.js";

/** Which keys a query sees, and how much it likes them. A query that sees none gives 0, never NaN. */
export interface Mask {
  /** No later key. */
  readonly causal?: boolean;
  /** Keys at most so far away: a whole number from 1. */
  readonly window?: number;
  /** How many keys of each sequence every query sees, though `causal`, which this implies, hides later ones (UniLM). */
  readonly prefix?: Int32Array;
  /** Added to the scores, by numbers of query and key in their sequences: `[1 or heads, T, S]`, for the longest ones. */
  readonly bias?: Tensor;
  /** The keys' sequences, where they are not the queries'. */
  readonly keys?: SequenceBatch;
}

/** What attention is told besides its queries, keys and values. */
export interface AttentionCall {
  readonly heads: number;
  readonly batch: SequenceBatch;
  readonly position: Position;
  readonly mask: Mask;
  /** Dropout of the probabilities, in training. */
  readonly dropout?: DropoutDraw;
}

/** A way for tokens to look at each other. It decides itself what is turned by position, and where. */
export interface Attention {
  /** `q` is `[N, C]`, `k` and `v` `[S, C]`; gives `[N, C]`. */
  forward(q: Tensor, k: Tensor, v: Tensor, call: AttentionCall): Tensor;
}

/** `x`, `[N, C]`, turned by the positions of `batch`, if the encoding turns. */
export function rotate(x: Tensor, { heads, position }: AttentionCall, batch: SequenceBatch): Tensor {
  const table = position.table?.(batch);
  return table ? rope(x, table, table.rows ?? batch.positions, heads) : x;
}
