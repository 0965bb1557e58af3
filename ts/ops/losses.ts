import { record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { ShapeError } from "../errors.js";
import { empty, type Tensor } from "../tensor/tensor.js";

/**
 * Mean over all numbers of (x − target)², both of one shape: a tensor of one number. `numItemsInBatch`: what the sum is divided
 * by, where `x` is a part of a batch. Errors: ShapeError.
 */
export function squaredError(x: Tensor, target: Tensor, numItemsInBatch: number = x.size): Tensor {
  if (x.size !== target.size)
    throw new ShapeError("squaredError: target", [...target.shape], `[${x.shape.join(", ")}] as x`);
  const losses = empty(x.shape, "squaredError: losses");
  engine().squared_error(losses.slot, x.slot, target.slot);
  return mean(losses, numItemsInBatch, [x], [x, target], (dx, factor) =>
    engine().squared_error_backward(dx, x.slot, target.slot, factor),
  );
}

/**
 * Mean over all numbers of the binary cross-entropy of sigmoid(`x`) against `target` in 0 … 1, both of one shape: a tensor of
 * one number, in nats (PyTorch's `BCEWithLogitsLoss`). `numItemsInBatch`: as for {@link squaredError}. Errors: ShapeError.
 */
export function binaryCrossEntropy(x: Tensor, target: Tensor, numItemsInBatch: number = x.size): Tensor {
  if (x.size !== target.size) {
    throw new ShapeError("binaryCrossEntropy: target", [...target.shape], `[${x.shape.join(", ")}] as x`);
  }
  const losses = empty(x.shape, "binaryCrossEntropy: losses");
  engine().binary_cross_entropy(losses.slot, x.slot, target.slot);
  return mean(losses, numItemsInBatch, [x], [x, target], (dx, factor) =>
    engine().binary_cross_entropy_backward(dx, x.slot, target.slot, factor),
  );
}

/** Σ losses / counted, with the gradient that `backward` writes for dy · 1 / counted. */
function mean(
  losses: Tensor,
  counted: number,
  inputs: [Tensor],
  saved: Tensor[],
  backward: (dx: number, factor: number) => void,
): Tensor {
  const y = empty([1]);
  y.write([engine().sum(losses.slot) / counted]);
  return record(y, inputs, saved, ([dy], d) => {
    const dx = empty(inputs[0].shape);
    backward(dx.slot, dy!.item() / counted);
    d.give(0, dx);
  });
}
