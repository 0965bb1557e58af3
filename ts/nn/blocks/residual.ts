import { add } from "../../ops/reduce.js";
import type { Tensor } from "../../tensor/tensor.js";
import { Dropout } from "../dropout.js";
import { LayerNorm } from "../layerNorm.js";
import type { ParameterScope } from "../parameters.js";
import type { LayerOptions } from "./options.js";

/** What stands around each part f of a layer: norm(x + dropout(f(x))), or x + dropout(f(norm(x))). */
export class Residual {
  private readonly place: LayerOptions["norm"];
  private readonly norm: LayerNorm | undefined;
  private readonly dropout: Dropout;

  /** `name` is the norm's; without one there is none. */
  constructor(params: ParameterScope, name: string | undefined, options: LayerOptions) {
    const { width, eps, norm, bias, hiddenDropout } = options;
    this.place = norm;
    this.norm = name === undefined ? undefined : new LayerNorm(params.at(name), width, eps, bias);
    this.dropout = new Dropout(params, hiddenDropout);
  }

  /** `[N, C]` from `x` `[N, C]` and what `part` makes of that, or of its norm. */
  forward(x: Tensor, part: (x: Tensor) => Tensor): Tensor {
    if (this.place === "post" && this.norm) return this.norm.forward(part(x), x, this.dropout.draw());
    return add(x, this.dropout.forward(part(this.norm?.forward(x) ?? x)));
  }
}
