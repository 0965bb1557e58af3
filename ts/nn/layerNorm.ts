import type { DropoutDraw } from "../ops/dropout.js";
import { layerNorm } from "../ops/layerNorm.js";
import type { Parameter } from "../tensor/parameter.js";
import { type Tensor, zeros } from "../tensor/tensor.js";
import type { ParameterScope } from "./parameters.js";

/** Layer normalization with `weight` and `bias`, `[width]`. */
export class LayerNorm {
  private readonly weight: Parameter;
  private readonly bias: Parameter | undefined;
  private readonly eps: number;

  /**
   * Declares `weight`, which begins as 1, and `bias`, as 0, unless that is false, in `params`; `eps` is added to the variances.
   */
  constructor(params: ParameterScope, width: number, eps: number, bias = true) {
    this.weight = params.constant("weight", [width], 1);
    this.bias = bias ? params.constant("bias", [width], 0) : undefined;
    this.eps = eps;
  }

  /** Normalizes the rows of residual + dropout(x), both `[N, width]`; gives `[N, width]`. */
  forward(x: Tensor, residual?: Tensor, dropout?: DropoutDraw): Tensor {
    return layerNorm(x, this.weight, this.bias ?? zeros(this.weight.shape), {
      eps: this.eps,
      ...(residual && { residual }),
      ...(dropout && { dropout }),
    });
  }
}
