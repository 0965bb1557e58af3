import { linear, linearParts } from "../ops/gemm.js";
import { scale } from "../ops/reduce.js";
import { PACKED_ROWS, type Parameter } from "../tensor/parameter.js";
import type { Tensor } from "../tensor/tensor.js";
import { Dropout } from "./dropout.js";
import type { Init } from "./inits.js";
import type { Adapter, LinearModule } from "./linearModule.js";
import type { ParameterScope, ParameterStore } from "./parameters.js";

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
export class Lora implements Adapter {
  readonly a: Parameter;
  readonly b: Parameter;
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

  forward(x: Tensor): Tensor[] {
    const low = linear(this.dropout.forward(x), this.a);
    return linearParts(this.scale === 1 ? low : scale(low, this.scale), this.b, undefined, this.parts);
  }
}

/** Names of the parameters of all adapters in a store. */
export const adapterNames = ({ linears }: ParameterStore): string[] =>
  [...linears.values()].flatMap(({ adapter }) => (adapter ? [adapter.a.name, adapter.b.name] : []));
