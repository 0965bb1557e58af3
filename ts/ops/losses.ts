import { record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { ShapeError } from "../errors.js";
import { empty, integers, type Tensor } from "../tensor/tensor.js";

/** Labels with this value count nowhere (PyTorch's `ignore_index`). */
export const IGNORED = -100;

/**
 * Mean cross-entropy of softmax(`logits`), `[N, V]`, against `labels`, `[N]`, over the labels that are not −100.
 * NaN if none is left, as in PyTorch.
 */
export function crossEntropy(logits: Tensor, labels: Int32Array): Tensor {
  const [N, V] = logits.dims("crossEntropy: logits", "N", "V") as [number, number];
  if (labels.length !== N) throw new ShapeError("crossEntropy: labels", labels.length, `N = ${N} numbers`);
  const targets = integers(labels);
  const losses = empty([N]);
  const lse = empty([N]);
  engine().cross_entropy(losses.slot, lse.slot, logits.slot, targets.slot, V, IGNORED);
  const counted = labels.reduce((n, label) => n + (label === IGNORED ? 0 : 1), 0);
  return mean(losses, counted, [logits], [logits, lse, targets], (dlogits, factor) =>
    engine().cross_entropy_backward(dlogits, logits.slot, lse.slot, targets.slot, V, IGNORED, factor),
  );
}

/** Mean over all numbers of (x − target)². */
export function squaredError(x: Tensor, target: Tensor): Tensor {
  if (x.size !== target.size)
    throw new ShapeError("squaredError: target", [...target.shape], `[${x.shape.join(", ")}] as x`);
  const losses = empty(x.shape);
  engine().squared_error(losses.slot, x.slot, target.slot);
  return mean(losses, x.size, [x], [x, target], (dx, factor) =>
    engine().squared_error_backward(dx, x.slot, target.slot, factor),
  );
}

/** Mean over all numbers of the binary cross-entropy of sigmoid(`x`) against `target` in 0 … 1. */
export function binaryCrossEntropy(x: Tensor, target: Tensor): Tensor {
  if (x.size !== target.size) {
    throw new ShapeError("binaryCrossEntropy: target", [...target.shape], `[${x.shape.join(", ")}] as x`);
  }
  const losses = empty(x.shape);
  engine().binary_cross_entropy(losses.slot, x.slot, target.slot);
  return mean(losses, x.size, [x], [x, target], (dx, factor) =>
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
