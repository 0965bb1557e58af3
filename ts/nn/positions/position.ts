import type { RotaryTable } from "../../ops/rope.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { PackedBatch, SequenceBatch } from "../packed.js";
import type { ParameterScope } from "../parameters.js";
import type { RopeParameters } from "../ropeParameters.js";

/**
 * How a model knows where a token stands. Each encoding answers for itself what it adds to embeddings, and what it turns
 * or adds in attention; nothing else asks which one it has.
 */
export interface Position {
  /**
   * What a model learns from it: "relative" distances alone, so that shifted positions give the same values; "absolute" places; "none"
   * nothing, so that a permutation of the tokens only permutes the values.
   */
  readonly kind: "relative" | "absolute" | "none";
  /** What attention turns `width` numbers of each head by, covering the batch's positions. */
  table?(batch: SequenceBatch, width: number): RotaryTable;
  /** How fast scores fall with the distance of positions, `[H]`: attention adds −slope · |distance|. */
  readonly slopes?: Float32Array;
  /**
   * Embeddings `x`, `[N, E]`, marked with their positions: `[N, E]`. Errors: ShapeError for a position beyond a learned table.
   */
  embed?(x: Tensor, batch: PackedBatch): Tensor;
  /** Gives back memory that is not a parameter. */
  free?(): void;
}

/** What an encoding is made from. */
export interface PositionOptions {
  /** Where it may declare parameters: a `weight` under the name that the model family has for it. */
  readonly params: ParameterScope;
  /** Width of the embeddings, E. */
  readonly embeddingWidth: number;
  /** Number of heads, H. */
  readonly heads: number;
  /** Numbers a head, D. */
  readonly headSize: number;
  /** Rows of a learned table; others know no limit, but some scalings of `rope` begin there. */
  readonly maxPositions: number;
  /**
   * How rotary positions are scaled (`rope_parameters`).
   * @default none
   */
  readonly rope?: RopeParameters | undefined;
}
