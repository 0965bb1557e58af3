import { expect } from "vitest";
import { valueAndGradients } from "../../ts/autograd/tape.js";
import { linear } from "../../ts/ops/gemm.js";
import { add, reshape, sum } from "../../ts/ops/reduce.js";
import { Philox } from "../../ts/random/philox.js";
import { type Tensor, tensor } from "../../ts/tensor/tensor.js";

/**
 * One thing that holds of every member of a registry: `run` throws where it does not. A suite is a list of these, so that it can run
 * over members that are broken on purpose too, and must then fail.
 */
export interface Check {
  readonly name: string;
  run(): void;
}

/** Names of the checks that fail. An error other than a failed assertion is thrown: it says nothing about the member. */
export function failures(checks: readonly Check[]): string[] {
  return checks.flatMap(({ name, run }) => {
    try {
      run();
      return [];
    } catch (error) {
      if (error instanceof Error && error.name === "AssertionError") return [name];
      throw error;
    }
  });
}

/** Numbers from −1 to 1 that f32 holds exactly. */
export function random(length: number, seed: number): Float64Array {
  const numbers = new Philox(seed, 92);
  return Float64Array.from({ length }, () => Math.fround(2 * numbers.uniform() - 1));
}

/** A tensor of `values`. */
export const tensorOf = (values: Float64Array, shape: readonly number[]): Tensor =>
  tensor(Float32Array.from(values), shape);

/** The total of a list. */
export const total = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);

/** Asserts that `got` is within `tolerance` of `want`, relative above 1. */
export function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number, what = "value"): void {
  expect(got.length, `length of ${what}`).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    const error = Math.abs(got[i]! - want[i]!) / Math.max(1, Math.abs(want[i]!));
    if (!(error <= tolerance)) expect(got[i], `${what} ${i}: ${error} off, at most ${tolerance}`).toBe(want[i]);
  }
}

/** The largest difference of two lists. */
export const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, x, i) => Math.max(most, Math.abs(x - b[i]!)), 0);

/**
 * y = f(inputs), and the gradients of Σ weights · y, whose slope differs for each number of y. Of an input that y does not depend on
 * the gradient is 0.
 */
export function evaluate(
  f: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  weights: Float64Array,
): { y: Float32Array; gradients: Float32Array[] } {
  let values = new Float32Array();
  const { gradients } = valueAndGradients(() => {
    const y = f(...inputs);
    values = Float32Array.from(y.read());
    const loss = linear(reshape(y, [1, y.size]), tensorOf(weights, [1, y.size]));
    return inputs.reduce((all, input) => add(all, reshape(sum(input, 0), [1, 1])), loss);
  }, inputs);
  return { y: values, gradients: gradients.map((gradient) => Float32Array.from(gradient!.read())) };
}

/** Slopes of Σ weights · f(inputs) by each input, by central differences in f64. */
export function slopes(
  f: (inputs: readonly Float64Array[]) => Float64Array,
  inputs: readonly Float64Array[],
  weights: Float64Array,
): Float64Array[] {
  const step = 1e-5;
  const loss = () => f(inputs).reduce((sum, y, i) => sum + y * weights[i]!, 0);
  return inputs.map((input) =>
    Float64Array.from(input, (value, i) => {
      input[i] = value + step;
      const above = loss();
      input[i] = value - step;
      const below = loss();
      input[i] = value;
      return (above - below) / (2 * step);
    }),
  );
}
