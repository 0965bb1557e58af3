import { type Backward, record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { ShapeError } from "../errors.js";
import { track } from "../tensor/scope.js";
import { empty, sizeOf, Tensor } from "../tensor/tensor.js";

/** `a + b`, of one shape, which the sum has too. Errors: ShapeError. */
export function add(a: Tensor, b: Tensor): Tensor {
  if (a.size !== b.size) throw new ShapeError("add: b", [...b.shape], `[${a.shape.join(", ")}] as a`);
  const y = empty(a.shape, "add: y");
  engine().add(y.slot, a.slot, b.slot);
  return record(y, [a, b], [], ([dy], d) => {
    d.give(0, dy!, true);
    d.give(1, dy!, true);
  });
}

/** `a · b`, number by number, of one shape, which the product has too. Errors: ShapeError. */
export function mul(a: Tensor, b: Tensor): Tensor {
  if (a.size !== b.size) throw new ShapeError("mul: b", [...b.shape], `[${a.shape.join(", ")}] as a`);
  const times = (x: Tensor, other: Tensor, name: string) => {
    const product = empty(a.shape, name);
    engine().mul(product.slot, x.slot, other.slot);
    return product;
  };
  const backward: Backward = ([dy], d) => {
    for (const [i, other] of [b, a].entries()) if (d.needs(i)) d.give(i, times(dy!, other, "mul: a gradient"));
  };
  return record(times(a, b, "mul: y"), [a, b], [a, b], backward, (y) => engine().mul(y.slot, a.slot, b.slot));
}

/** `factor · x`, in the shape of `x`. */
export function scale(x: Tensor, factor: number): Tensor {
  return record(scaled(x, factor), [x], [], ([dy], d) => d.give(0, scaled(dy!, factor)));
}

function scaled(x: Tensor, factor: number): Tensor {
  const y = empty(x.shape, "scale: y");
  engine().scale(y.slot, x.slot, factor);
  return y;
}

/** The same numbers, in the same memory, under another shape of as many. Errors: ShapeError. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  if (sizeOf(shape) !== x.size || shape.some((n) => n < 0))
    throw new ShapeError("reshape: x", [...x.shape], `${shape.join(" × ")} numbers`);
  const y = track(new Tensor(engine().window(x.slot, 0, x.size), shape));
  return record(y, [x], [], ([dy], d) => {
    d.give(0, track(new Tensor(engine().window(dy!.slot, 0, dy!.size), x.shape)), true);
  });
}

/** The sum of all numbers of `x`, of any shape, times `factor`, as a tensor of one number. */
export function sum(x: Tensor, factor = 1): Tensor {
  const y = empty([1]);
  y.write([engine().sum(x.slot) * factor]);
  return record(y, [x], [], ([dy], d) => {
    const dx = empty(x.shape, "sum: dx");
    engine().fill(dx.slot, dy!.item() * factor);
    d.give(0, dx);
  });
}

/**
 * Mean of each sequence's rows: `[B, W]` for `x` `[N, W]` and `offsets` `[B + 1]`, integers; 0 for a sequence of no tokens.
 * Errors: ShapeError.
 */
export function meanRows(x: Tensor, offsets: Tensor): Tensor {
  const [, W] = x.dims("meanRows: x", "N", "W") as [number, number];
  if (offsets.size < 1) throw new ShapeError("meanRows: offsets", [...offsets.shape], "[B + 1]");
  const y = empty([offsets.size - 1, W], "meanRows: y");
  engine().mean_rows(y.slot, x.slot, offsets.slot, W);
  return record(y, [x], [offsets], ([dy], d) => {
    const dx = empty(x.shape, "meanRows: dx");
    engine().mean_rows_backward(dx.slot, dy!.slot, offsets.slot, W);
    d.give(0, dx);
  });
}
