import { activation } from "../../ops/activation.js";
import { mul } from "../../ops/reduce.js";
import type { Tensor } from "../../tensor/tensor.js";
import { JoinedLinear, Linear } from "../linear.js";
import type { ParameterScope } from "../parameters.js";
import type { LayerOptions } from "./options.js";
import { Residual } from "./residual.js";

/** W2 act(W1 x), or gated W2 (act(W1 x) · (V x)) (Shazeer 2020), with its residual. */
export class FeedForward {
  private readonly inner: (x: Tensor) => Tensor;
  private readonly output: Linear;
  private readonly residual: Residual;

  /** Declares its parameters in `params`. */
  constructor(params: ParameterScope, options: LayerOptions) {
    const { width, intermediateWidth, bias, names } = options;
    this.inner = options.gated ? gated(params, options) : plain(params, options);
    this.output = new Linear(params.at(names.feedForward.output), intermediateWidth, width, bias);
    this.residual = new Residual(params, names.feedForward.norm, options);
  }

  /** `[N, C]` from `x` `[N, C]`. */
  forward(x: Tensor): Tensor {
    return this.residual.forward(x, (x) => this.output.forward(this.inner(x)));
  }
}

function plain(params: ParameterScope, { width, intermediateWidth, bias, activation, names }: LayerOptions) {
  const { input } = names.feedForward;
  const first = new Linear(params.at(typeof input === "string" ? input : input[0]), width, intermediateWidth, bias);
  return (x: Tensor) => first.forward(x, activation);
}

function gated(params: ParameterScope, { width, intermediateWidth, bias, activation: name, names }: LayerOptions) {
  const sizes = { parts: 2, inputs: width, outputs: intermediateWidth, bias };
  const first = new JoinedLinear(params, names.feedForward.input, sizes);
  return (x: Tensor) => {
    const [activated, gate] = first.forward(x) as [Tensor, Tensor];
    return mul(activation(activated, name), gate);
  };
}
