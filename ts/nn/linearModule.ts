import type { Parameter } from "../tensor/parameter.js";
import type { Tensor } from "../tensor/tensor.js";

/** What is added to a linear layer's product: scale · B A x. */
export interface Adapter {
  /** A, `[r, inputs]`. */
  readonly a: Parameter;
  /** B, `[parts · outputs, r]`. */
  readonly b: Parameter;
  /** What the product is multiplied by. */
  readonly scale: number;
  /** What is added to each part of the layer's output, `[N, outputs]`, for its input `x` `[N, inputs]`. */
  forward(x: Tensor): Tensor[];
}

/** A linear layer by the name that files have for it: what an adapter can be added to. */
export interface LinearModule {
  /** Name of the layer, without `.weight`. */
  readonly name: string;
  /** Its matrix, `[parts · outputs, inputs]`. */
  readonly weight: Parameter;
  /** Its bias, if it has one. */
  readonly bias: Parameter | undefined;
  /** Number of outputs that it computes, of one width: 3 where one matrix is query, key and value. */
  readonly parts: number;
  /** What is added to its product. */
  adapter?: Adapter | undefined;
}
