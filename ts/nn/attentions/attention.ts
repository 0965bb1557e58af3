import type { DropoutDraw } from "../../ops/dropout.js";
import { rope } from "../../ops/rope.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { SequenceBatch } from "../packed.js";
import type { ParameterScope } from "../parameters.js";
import type { Position } from "../positions/index.js";
import type { Rotation } from "./linear.js";

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

/** What an attention is made from. */
export interface AttentionOptions {
  /** Where it may declare what it needs beside queries, keys and values: `…attention.self`. */
  readonly scope: ParameterScope;
  readonly heads: number;
  /** Numbers a head, D. */
  readonly headSize: number;
  readonly position: Position;
  /** Where linear attentions turn; "eq19" unless given. */
  readonly rotation?: Rotation | undefined;
  /** Features of a head, M, of random projections; D · ln D unless given. */
  readonly numRandomFeatures?: number | undefined;
  /** ε inside of features; 10⁻⁴ of a Performer, 10⁻³ of a relu unless given. */
  readonly kernelEpsilon?: number | undefined;
}

/** Makes the attention of one layer. */
export type AttentionFactory = (options: AttentionOptions) => Attention;

/** A way for tokens to look at each other. It decides itself what is turned by position, and where. */
export interface Attention {
  /** `q` is `[N, C]`, `k` and `v` `[S, C]`; gives `[N, C]`. */
  forward(q: Tensor, k: Tensor, v: Tensor, call: AttentionCall): Tensor;
}

/** `x`, `[N, C]`, turned by the positions of `batch`, if the encoding turns. */
export function rotate(x: Tensor, { heads, position }: AttentionCall, batch: SequenceBatch): Tensor {
  const table = position.table?.(batch, x.shape[1]! / heads);
  return table ? rope(x, table, table.rows ?? batch.positions, heads) : x;
}
