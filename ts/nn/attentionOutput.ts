import type { Tensor } from "../tensor/tensor.js";
import { Dropout } from "./dropout.js";
import { LayerNorm } from "./layerNorm.js";
import { Linear } from "./linear.js";
import type { ParameterScope } from "./parameters.js";

/** What follows attention, in self-attention and cross-attention alike: LayerNorm(x + dropout(Wo · y)). */
export class AttentionOutput {
  private readonly dense: Linear;
  private readonly norm: LayerNorm;
  private readonly dropout: Dropout;

  constructor(scope: ParameterScope, width: number, eps: number, dropout: number) {
    this.dense = new Linear(scope.at("output").at("dense"), width, width);
    this.norm = new LayerNorm(scope.at("output").at("LayerNorm"), width, eps);
    this.dropout = new Dropout(scope, dropout);
  }

  /** `attended` is what the heads give, `x` what they were asked with; both `[N, C]`. */
  forward(attended: Tensor, x: Tensor): Tensor {
    return this.norm.forward(this.dense.forward(attended), x, this.dropout.draw());
  }
}
