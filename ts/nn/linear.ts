import type { ActivationName } from "../ops/activation.js";
import { linear, linearParts } from "../ops/gemm.js";
import { checkOptions, type Names } from "../options.js";
import { PACKED_ROWS, type Parameter } from "../tensor/parameter.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ParameterScope } from "./parameters.js";

/** y = x Wᵀ + b: parameters `weight` `[outputs, inputs]` and `bias` `[outputs]`, as in PyTorch. */
export class Linear {
  private readonly weight: Parameter;
  private readonly bias: Parameter | undefined;

  /** Declares `weight`, and `bias` unless that is false, in `params`. */
  constructor(params: ParameterScope, inputs: number, outputs: number, bias = true) {
    this.weight = params.matrix("weight", [outputs, inputs]);
    this.bias = bias ? params.constant("bias", [outputs], 0) : undefined;
  }

  /** act(x Wᵀ + b), `[N, outputs]`, for `x` `[N, inputs]`. */
  forward(x: Tensor, activation: ActivationName = "linear"): Tensor {
    return linear(x, this.weight, this.bias, activation);
  }
}

/** Names of several projections of one input: one each, or that of a tensor that holds all, one below the other. */
export type PartNames<Each extends readonly string[] = readonly string[]> = string | Each;

/** Sizes of a {@link JoinedLinear}. */
export interface JoinedLinearOptions {
  /** Number of projections. */
  readonly parts: number;
  /** Width of the input. */
  readonly inputs: number;
  /** Width of each output. */
  readonly outputs: number;
  /**
   * Whether each has a bias.
   * @default true
   */
  readonly bias?: boolean | undefined;
}

const JOINED: Names<JoinedLinearOptions> = { parts: true, inputs: true, outputs: true, bias: true };

/** Several projections of one input, computed together: query, key and value of attention. */
export class JoinedLinear {
  private readonly weight: Parameter;
  private readonly bias: Parameter | undefined;
  private readonly parts: number;

  /**
   * Declares a `weight` `[outputs, inputs]` and a `bias` `[outputs]` for each of `names` in `params`; under a single name, a
   * `weight` `[parts · outputs, inputs]` and a `bias` of as many numbers.
   */
  constructor(params: ParameterScope, names: PartNames, options: JoinedLinearOptions) {
    checkOptions("JoinedLinear", options, JOINED);
    const { parts, inputs, outputs, bias = true } = options;
    this.parts = parts;
    if (typeof names !== "string") {
      this.weight = params.joinedWeights(names, [outputs, inputs]);
      this.bias = bias ? params.joinedBiases(names, [outputs]) : undefined;
      return;
    }
    const own = params.at(names);
    const shape = [parts * outputs, inputs] as const;
    // A part that ends within a panel of packed rows could not be read by itself.
    this.weight = outputs % PACKED_ROWS === 0 ? own.matrix("weight", shape) : own.weight("weight", shape);
    this.bias = bias ? own.constant("bias", [parts * outputs], 0) : undefined;
  }

  /** x Wᵀ + b, `[N, outputs]`, for each part, in order; `x` is `[N, inputs]`. */
  forward(x: Tensor): Tensor[] {
    return linearParts(x, this.weight, this.bias, this.parts);
  }
}
