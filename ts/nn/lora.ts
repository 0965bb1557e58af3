import { linear, linearParts } from "../ops/gemm.js";
import { scale } from "../ops/reduce.js";
import { PACKED_ROWS, type Parameter } from "../tensor/parameter.js";
import type { Tensor } from "../tensor/tensor.js";
import { Dropout } from "./dropout.js";
import type { Init, ParameterScope, ParameterStore } from "./parameters.js";

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
  adapter?: Lora | undefined;
}

/** Settings of {@link Lora}. */
export interface LoraOptions {
  /** Rank, r. */
  readonly r: number;
  /** What the product is multiplied by: α / r. */
  readonly scale: number;
  /** Rate of dropout of the input, 0 to 1. */
  readonly dropout: number;
  /** Fresh values of A; B begins as zeros. */
  readonly init: Init;
}

/**
 * A low-rank addition to a linear layer (Hu et al. 2021): y = x Wᵀ + b + scale · (dropout(x) Aᵀ) Bᵀ, with `lora_A.weight` `[r, inputs]`
 * and `lora_B.weight` `[outputs, r]`.
 */
export class Lora {
  readonly a: Parameter;
  readonly b: Parameter;
  /** What the product is multiplied by. */
  readonly scale: number;
  private readonly parts: number;
  private readonly dropout: Dropout;

  /** Declares its matrices in `params`, the layer's own scope. */
  constructor(params: ParameterScope, { weight, parts }: LinearModule, { r, scale, dropout, init }: LoraOptions) {
    const [outputs, inputs] = weight.shape as [number, number];
    this.scale = scale;
    this.parts = parts;
    this.a = params.fresh("lora_A.weight", [r, inputs], init, true);
    const packable = parts === 1 || (outputs / parts) % PACKED_ROWS === 0;
    this.b = params.fresh("lora_B.weight", [outputs, r], { kind: "constant", value: 0 }, packable);
    this.dropout = new Dropout(params, dropout);
  }

  /** What is added to each part of the layer's output, `[N, outputs]`, for its input `x` `[N, inputs]`. */
  forward(x: Tensor): Tensor[] {
    const low = linear(this.dropout.forward(x), this.a);
    return linearParts(this.scale === 1 ? low : scale(low, this.scale), this.b, undefined, this.parts);
  }
}

/** Names of the parameters of all adapters in a store. */
export const adapterNames = ({ linears }: ParameterStore): string[] =>
  [...linears.values()].flatMap(({ adapter }) => (adapter ? [adapter.a.name, adapter.b.name] : []));
