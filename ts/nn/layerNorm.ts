import type { DropoutDraw } from "../ops/dropout.js";
import { layerNorm } from "../ops/layerNorm.js";
import type { Parameter } from "../tensor/parameter.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ParameterScope } from "./parameters.js";

/** Layer normalisation with `weight` and `bias`, `[width]`. */
export class LayerNorm {
  private readonly weight: Parameter;
  private readonly bias: Parameter;
  private readonly eps: number;

  /** Declares `weight`, which begins as 1, and `bias`, as 0, in `scope`; `eps` is added to the variances. */
  constructor(scope: ParameterScope, width: number, eps: number) {
    this.weight = scope.constant("weight", [width], 1);
    this.bias = scope.constant("bias", [width], 0);
    this.eps = eps;
  }

  /** Normalises the rows of residual + dropout(x), both `[N, width]`; gives `[N, width]`. */
  forward(x: Tensor, residual?: Tensor, dropout?: DropoutDraw): Tensor {
    return layerNorm(x, this.weight, this.bias, {
      eps: this.eps,
      ...(residual && { residual }),
      ...(dropout && { dropout }),
    });
  }
}
