import type { ActivationName } from "../ops/activation.js";
import { linear, linearParts } from "../ops/gemm.js";
import type { Parameter } from "../tensor/parameter.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ParameterScope } from "./parameters.js";

/** y = x Wᵀ + b: parameters `weight` `[outputs, inputs]` and `bias` `[outputs]`, as in PyTorch. */
export class Linear {
  private readonly weight: Parameter;
  private readonly bias: Parameter;

  constructor(scope: ParameterScope, inputs: number, outputs: number) {
    this.weight = scope.matrix("weight", [outputs, inputs]);
    this.bias = scope.constant("bias", [outputs], 0);
  }

  /** `x` is `[N, inputs]`; gives `[N, outputs]`. */
  forward(x: Tensor, activation: ActivationName = "linear"): Tensor {
    return linear(x, this.weight, this.bias, activation);
  }
}

/** Several projections of one input, named `parts`, computed together. */
export class JoinedLinear {
  private readonly weight: Parameter;
  private readonly bias: Parameter;

  constructor(scope: ParameterScope, parts: readonly string[], inputs: number, outputs: number) {
    this.weight = scope.joinedWeights(parts, [outputs, inputs]);
    this.bias = scope.joinedBiases(parts, [outputs]);
  }

  /** `x` is `[N, inputs]`; gives `[N, outputs]` for each part, in order. */
  forward(x: Tensor): Tensor[] {
    return linearParts(x, this.weight, this.bias);
  }
}
