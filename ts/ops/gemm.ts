import { isTracked, type OpGradients, record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { EngineError, ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { JoinedParameter, Parameter } from "../tensor/parameter.js";
import { track, untrack } from "../tensor/scope.js";
import { empty, Tensor } from "../tensor/tensor.js";
import { type ActivationName, activation, kindOf } from "./activation.js";

/**
 * y = act(x Wᵀ + b), `[N, O]`, for `x` `[N, I]`, `weight` `[O, I]` (PyTorch's layout) and `bias` `[O]`.
 * Without gradients the activation is applied while the product is written. Errors: ShapeError for sizes that do not fit,
 * EngineError for int8 weights under a tape.
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor, act: ActivationName = "linear"): Tensor {
  const [O] = weight.dims("linear: weight", "O", "I");
  if (act === "linear" || !isTracked(x, weight, ...(bias ? [bias] : [])))
    return product(x, weight, bias, 1, O!, act)[0]!;
  return activation(product(x, weight, bias, 1, O!, "linear")[0]!, act);
}

/**
 * P projections of the same `x`, `[N, I]`, in one call: `weight` is `[P, O, I]`, `bias` `[P, O]`; gives P tensors `[N, O]`.
 * Query, key and value of attention are made so. `parts`: P, where the weight is `[P · O, I]`. Errors: as {@link linear}.
 */
export function linearParts(x: Tensor, weight: Tensor, bias?: Tensor, parts?: number): Tensor[] {
  if (parts === undefined || weight.shape.length === 3) {
    const [P, O] = weight.dims("linear: weight", "P", "O", "I");
    return product(x, weight, bias, P!, O!, "linear");
  }
  const [rows] = weight.dims("linear: weight", "P · O", "I") as [number, number];
  if (!(parts >= 1 && rows % parts === 0))
    throw new ShapeError("linear: weight", [...weight.shape], `[P · O, I] with P = ${parts} parts`);
  return product(x, weight, bias, parts, rows / parts, "linear");
}

function product(
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  P: number,
  O: number,
  act: ActivationName,
): Tensor[] {
  const [N, I] = x.dims("linear: x", "N", "I") as [number, number];
  if (weight.shape.at(-1) !== I)
    throw new ShapeError("linear: weight", [...weight.shape], `[…, I] = […, ${I}], as x has`);
  if (bias && bias.size !== P * O) throw new ShapeError("linear: bias", [...bias.shape], `${P * O} numbers`);
  // What is to have gradients needs the rows of its matrix.
  if (weight instanceof Parameter && isTracked(x, weight)) {
    if (weight.isInt8) throw new EngineError("linear: int8 weights have no gradients");
    weight.unpack();
  }
  const packed = weight instanceof Parameter && weight.packed;
  const joined = empty([P, N, O], "linear: y"); // the scope around frees it where the kernel refuses
  if (weight instanceof Parameter && weight.isInt8) int8Product(joined, x, weight, bias, kindOf(act));
  else engine().linear(joined.slot, x.slot, weight.slot, bias?.slot ?? 0, P, N, O, I, kindOf(act), packed);
  const y = Array.from({ length: P }, (_, part) =>
    track(new Tensor(engine().window(joined.slot, part * N * O, N * O), [N, O])),
  );
  untrack(joined);
  joined.free(); // its windows keep the memory
  const saved = [...(isTracked(weight) ? [x] : []), ...(isTracked(x) ? [weight] : [])];
  return record(y, bias ? [x, weight, bias] : [x, weight], saved, (dy, d) => {
    for (const [part, dyPart] of dy.entries()) if (dyPart) productBackward(dyPart, part, x, weight, bias, d);
  });
}

/** The product by int8 values, `y` `[P, N, O]`, part by part. */
function int8Product(joined: Tensor, x: Tensor, weight: Parameter, bias: Tensor | undefined, activation: number): void {
  const [P, N, O] = joined.shape as [number, number, number];
  if (weight.shape.length === 2 && P > 1) {
    const rows = empty([N, P * O], "linear: y");
    weight.multiplyInt8(rows.slot, x.slot, bias?.slot ?? 0, N, activation);
    joined.write(byPart(rows.read(), P, N, O));
    return;
  }
  const y = joined.slot;
  const parts = weight instanceof JoinedParameter ? weight.parts : [weight];
  for (const [part, one] of parts.entries()) {
    const [N, O] = [x.shape[0]!, one.shape[0]!];
    onPart(y, part, N * O, (y) => {
      if (!bias) one.multiplyInt8(y, x.slot, 0, N, activation);
      else onPart(bias.slot, part, O, (b) => one.multiplyInt8(y, x.slot, b, N, activation));
    });
  }
}

/** Rows `[N, P · O]` as `[P, N, O]`. */
function byPart(rows: Float32Array, P: number, N: number, O: number): Float32Array {
  const parts = new Float32Array(rows.length);
  for (let n = 0; n < N; n++) {
    for (let p = 0; p < P; p++) parts.set(rows.subarray((n * P + p) * O, (n * P + p + 1) * O), (p * N + n) * O);
  }
  return parts;
}

function productBackward(
  dy: Tensor,
  part: number,
  x: Tensor,
  weight: Tensor,
  bias: Tensor | undefined,
  d: OpGradients,
): void {
  const [N, O] = dy.shape as [number, number];
  const I = x.shape[1]!;
  d.write(0, (dx, accumulate) =>
    onPart(weight.slot, part, O * I, (w) => engine().linear_backward_input(dx, dy.slot, w, 1, N, O, I, accumulate)),
  );
  const [ofWeight, ofBias] = [d.needs(1) && trains(weight, part), d.needs(2) && trains(bias!, part)];
  if (!ofWeight && !ofBias) return;
  const both = (dw: number) => {
    const weights = (db: number) => engine().linear_backward_weight(dw, db, dy.slot, x.slot, 1, N, O, I, true);
    if (ofBias) d.add(2, (dbias) => onPart(dbias, part, O, weights));
    else weights(0);
  };
  if (ofWeight) d.add(1, (dweight) => onPart(dweight, part, O * I, both));
  else d.add(2, (dbias) => onPart(dbias, part, O, (db) => biasBackward(db, dy)));
}

/** Adds the gradient of a bias alone, that of outputs `dy` `[N, O]` summed: a product with an x of no columns. */
export function biasBackward(dbias: number, dy: Tensor): void {
  const [N, O] = dy.shape as [number, number];
  engine().linear_backward_weight(empty([O, 0]).slot, dbias, dy.slot, empty([N, 0]).slot, 1, N, O, 0, true);
}

/** Whether the `part`-th of joined parameters is trained; of what is not joined, nothing is frozen by parts. */
const trains = (x: Tensor, part: number): boolean =>
  !(x instanceof JoinedParameter) || x.parts[part]!.gradientSlot !== 0;

/** Calls `kernel` with the `part`-th `size` words of a slot. */
function onPart(slot: number, part: number, size: number, kernel: (slot: number) => void): void {
  const window = engine().window(slot, part * size, size);
  try {
    kernel(window);
  } finally {
    engine().free(window);
  }
}

/** Settings of {@link matmul}. */
export interface MatmulOptions {
  /**
   * `a` is `[K, M]`.
   * @default false
   */
  readonly transposeA?: boolean | undefined;
  /**
   * `b` is `[N, K]`.
   * @default false
   */
  readonly transposeB?: boolean | undefined;
}

const OPTIONS: Names<MatmulOptions> = { transposeA: true, transposeB: true };

/** The product `[M, N]` of `a` `[M, K]` and `b` `[K, N]`, either of them stored transposed if so said. Errors: ShapeError. */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  checkOptions("matmul", options, OPTIONS);
  const { transposeA = false, transposeB = false } = options;
  const [a0, a1] = a.dims("matmul: a", "M", "K") as [number, number];
  const [b0, b1] = b.dims("matmul: b", "K", "N") as [number, number];
  const [M, K] = transposeA ? [a1, a0] : [a0, a1];
  const [bK, N] = transposeB ? [b1, b0] : [b0, b1];
  if (bK !== K) throw new ShapeError("matmul: b", [b0, b1], `K = ${K} as a has`);
  const y = empty([M, N], "matmul: y");
  engine().matmul(y.slot, a.slot, b.slot, M, N, K, transposeA, transposeB, false);
  return record(y, [a, b], [a, b], ([dy], d) => {
    // For y = A B: dA = dy Bᵀ, dB = Aᵀ dy; transposed where the operand is stored so.
    d.write(0, (da, add) =>
      transposeA
        ? engine().matmul(da, b.slot, dy!.slot, K, M, N, transposeB, true, add)
        : engine().matmul(da, dy!.slot, b.slot, M, K, N, false, !transposeB, add),
    );
    d.write(1, (db, add) =>
      transposeB
        ? engine().matmul(db, dy!.slot, a.slot, N, K, M, true, transposeA, add)
        : engine().matmul(db, a.slot, dy!.slot, K, N, M, !transposeA, false, add),
    );
  });
}
