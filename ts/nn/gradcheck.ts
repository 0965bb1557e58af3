import { record, valueAndGradients } from "../autograd/tape.js";
import { EngineError } from "../errors.js";
import { sum } from "../ops/reduce.js";
import { checkOptions, type Names } from "../options.js";
import { Philox } from "../random/philox.js";
import { scope } from "../tensor/scope.js";
import { sizeOf, type Tensor, tensor } from "../tensor/tensor.js";

/** Settings of {@link gradcheck}. */
export interface GradcheckOptions {
  /**
   * Largest difference of a value, of max(1, |expected|).
   * @default 1e-6
   */
  readonly valueTolerance?: number | undefined;
  /**
   * Largest difference of a slope, of max(1, |expected|).
   * @default 1e-4
   */
  readonly gradientTolerance?: number | undefined;
  /** Inputs, one list a shape, instead of random ones from −1 to 1. */
  readonly values?: readonly Float64Array[] | undefined;
  /**
   * What the random inputs and directions follow from.
   * @default 1
   */
  readonly seed?: number | undefined;
}

const OPTIONS: Names<GradcheckOptions> = { valueTolerance: true, gradientTolerance: true, values: true, seed: true };

const STEP = 1e-6;

/** The largest differences that {@link gradcheck} found, of max(1, |expected|). */
export interface GradcheckResult {
  /** Of the values. */
  readonly value: number;
  /** Of the slopes. */
  readonly gradient: number;
}

/**
 * Holds an op against its formula in f64: its value number by number, and the gradient of each input against the slope of the
 * formula along a random direction. The slope is taken in f64, where a step of 1e-6 loses nothing, so the f32 of the kernels is
 * the only error left. Throws an `EngineError` that says what differs; returns the largest differences found.
 */
export function gradcheck(
  op: (...inputs: Tensor[]) => Tensor,
  reference: (...inputs: Float64Array[]) => ArrayLike<number>,
  shapes: readonly (readonly number[])[],
  options: GradcheckOptions = {},
): GradcheckResult {
  checkOptions("gradcheck", options, OPTIONS);
  const { valueTolerance = 1e-6, gradientTolerance = 1e-4, seed = 1 } = options;
  const values = (options.values ?? shapes.map((shape, i) => random(sizeOf(shape), seed, i))).map((list) =>
    Float64Array.from(list),
  );
  for (const list of values) for (const [i, x] of list.entries()) list[i] = Math.fround(x);
  const expected = Float64Array.from(reference(...values));
  const weights = random(expected.length, seed, 100).map(Math.fround);
  const { found, gradients } = run(op, values, shapes, weights);
  let value = 0;
  for (const [i, want] of expected.entries()) {
    const error = Math.abs(found[i]! - want) / Math.max(1, Math.abs(want));
    if (!(error <= valueTolerance)) throw new EngineError(`gradcheck: value [${i}] is ${found[i]}, not ${want}`);
    value = Math.max(value, error);
  }
  let gradient = 0;
  for (const [i, at] of values.entries()) {
    const direction = random(at.length, seed, 200 + i);
    const along = (h: number) =>
      dot(weights, reference(...values.map((v, j) => (j === i ? v.map((x, n) => x + h * direction[n]!) : v))));
    const slope = (along(STEP) - along(-STEP)) / (2 * STEP);
    const got = dot(gradients[i]!, direction);
    const error = Math.abs(got - slope) / Math.max(1, Math.abs(slope));
    if (!(error <= gradientTolerance))
      throw new EngineError(
        `gradcheck: the gradient of input ${i} is ${got} along a direction whose slope is ${slope}`,
      );
    gradient = Math.max(gradient, error);
  }
  return { value, gradient };
}

/** The op's value, and its inputs' gradients for the loss Σ weights · y. */
function run(
  op: (...inputs: Tensor[]) => Tensor,
  values: Float64Array[],
  shapes: readonly (readonly number[])[],
  weights: Float64Array,
) {
  return scope(() => {
    const inputs = values.map((value, i) => tensor(value, shapes[i]!));
    let found = new Float32Array();
    const { gradients } = valueAndGradients(() => {
      const y = op(...inputs);
      found = y.read() as Float32Array<ArrayBuffer>;
      return weighted(y, weights);
    }, inputs);
    return { found, gradients: gradients.map((g, i) => g?.read() ?? new Float32Array(values[i]!.length)) };
  });
}

/** Σ weights · y, whose gradient is the weights. */
function weighted(y: Tensor, weights: Float64Array): Tensor {
  const marked = record(tensor([0]), [y], [], (_, d) => d.give(0, tensor(weights, y.shape)));
  return sum(marked);
}

const random = (length: number, seed: number, step: number): Float64Array => {
  const numbers = new Philox(seed, 77, step);
  return Float64Array.from({ length }, () => 2 * numbers.uniform() - 1);
};

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
};
