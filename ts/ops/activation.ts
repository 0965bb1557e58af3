import { type Backward, record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { ConfigError } from "../errors.js";
import { empty, type Tensor } from "../tensor/tensor.js";

/**
 * A name that `hidden_act` may have, as in Hugging Face's `ACT2FN`. "gelu" and "gelu_python" are the exact one, x · Φ(x);
 * "gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh" and "gelu_python_tanh" its approximation by tanh; "quick_gelu"
 * is x · σ(1.702 x); "gelu_10" is the exact one cut to −10 … 10; "silu" and "swish" are x · σ(x); "relu2" is max(x, 0)²;
 * "linear" changes nothing.
 */
export type ActivationName =
  | "linear"
  | "gelu"
  | "gelu_python"
  | "gelu_new"
  | "gelu_fast"
  | "gelu_accurate"
  | "gelu_pytorch_tanh"
  | "gelu_python_tanh"
  | "relu"
  | "silu"
  | "swish"
  | "tanh"
  | "sigmoid"
  | "quick_gelu"
  | "mish"
  | "relu6"
  | "leaky_relu"
  | "relu2"
  | "gelu_10"
  | "laplace";

/** Activations by Hugging Face's names, with the kernels' numbers. */
export const activations = {
  linear: 0,
  gelu: 1,
  gelu_python: 1,
  gelu_new: 2,
  gelu_fast: 2,
  gelu_accurate: 2,
  gelu_pytorch_tanh: 2,
  gelu_python_tanh: 2,
  relu: 3,
  silu: 4,
  swish: 4,
  tanh: 5,
  sigmoid: 6,
  quick_gelu: 7,
  mish: 8,
  relu6: 9,
  leaky_relu: 10,
  relu2: 11,
  gelu_10: 12,
  laplace: 13,
} as const satisfies Record<ActivationName, number>;

/** The kernels' number of an activation. Errors: ConfigError for a name that is none. */
export function kindOf(name: ActivationName): number {
  if (Object.hasOwn(activations, name)) return activations[name];
  throw new ConfigError(`activation is ${JSON.stringify(name)}, not one of ${Object.keys(activations).join(", ")}`);
}

/**
 * The function `name` of every number of `x`, in the shape of `x`, whatever that is. "linear" gives `x` itself. Errors: ConfigError for
 * a name that is none.
 */
export function activation(x: Tensor, name: ActivationName): Tensor {
  const kind = kindOf(name);
  if (kind === activations.linear) return x;
  const write = (y: Tensor) => engine().activation(y.slot, x.slot, kind);
  const y = empty(x.shape, "activation: y");
  write(y);
  const backward: Backward = ([dy], d) => {
    const dx = empty(x.shape, "activation: dx");
    engine().activation_backward(dx.slot, dy!.slot, x.slot, kind);
    d.give(0, dx);
  };
  return record(y, [x], [x], backward, write);
}
