import { ShapeError } from "../errors.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { record } from "./tape.js";

/** A number and how it changes with each number it was made of. */
export interface ValueWithGradient {
  readonly value: number;
  /** As many numbers as went in. */
  readonly gradient: ArrayLike<number>;
}

/**
 * A number that JavaScript makes of the numbers of `x`, of any shape, as a tensor of one number: a loss of a few vectors or logits
 * needs no kernel. Errors: ShapeError for a gradient of another length.
 */
export function external(x: Tensor, body: (numbers: Float32Array) => ValueWithGradient): Tensor {
  const { value, gradient } = body(x.read());
  if (gradient.length !== x.size)
    throw new ShapeError("external: gradient", gradient.length, `${x.size} numbers, as x`);
  const y = empty([1]);
  y.write([value]);
  return record(y, [x], [], ([dy], d) => {
    const factor = dy!.item();
    const dx = empty(x.shape, "external: dx");
    dx.write(Float32Array.from(gradient, (g) => g * factor));
    d.give(0, dx);
  });
}
