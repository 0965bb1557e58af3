import { type Backward, record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { empty, type Tensor } from "../tensor/tensor.js";

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
} as const;

/** A name that `hidden_act` may have. */
export type ActivationName = keyof typeof activations;

/** The function `name` of every number of `x`, whatever its shape. */
export function activation(x: Tensor, name: ActivationName): Tensor {
  const kind = activations[name];
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
