import type { ActivationName } from "../ops/activation.js";
import { linear, linearParts } from "../ops/gemm.js";
import type { Parameter } from "../tensor/parameter.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ParameterScope } from "./parameters.js";

/** y = x Wᵀ + b: parameters `weight` `[outputs, inputs]` and `bias` `[outputs]`, as in PyTorch. */
export class Linear {
  private readonly weight: Parameter;
  private readonly bias: Parameter;

  /** Declares `weight` and `bias` in `scope`. */
  constructor(scope: ParameterScope, inputs: number, outputs: number) {
    this.weight = scope.matrix("weight", [outputs, inputs]);
    this.bias = scope.constant("bias", [outputs], 0);
  }

  /** act(x Wᵀ + b), `[N, outputs]`, for `x` `[N, inputs]`. */
  forward(x: Tensor, activation: ActivationName = "linear"): Tensor {
    return linear(x, this.weight, this.bias, activation);
  }
}

/** Several projections of one input, named `parts`, computed together: query, key and value of attention. */
export class JoinedLinear {
  private readonly weight: Parameter;
  private readonly bias: Parameter;

  /** Declares a `weight` `[outputs, inputs]` and a `bias` `[outputs]` for each of `parts` in `scope`. */
  constructor(scope: ParameterScope, parts: readonly string[], inputs: number, outputs: number) {
    this.weight = scope.joinedWeights(parts, [outputs, inputs]);
    this.bias = scope.joinedBiases(parts, [outputs]);
  }

  /** x Wᵀ + b, `[N, outputs]`, for each part, in order; `x` is `[N, inputs]`. */
  forward(x: Tensor): Tensor[] {
    return linearParts(x, this.weight, this.bias);
  }
}
