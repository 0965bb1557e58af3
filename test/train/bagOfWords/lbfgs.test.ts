import { expect, test } from "vitest";
import { Philox } from "../../../ts/random/philox.js";
import { InverseHessian } from "../../../ts/train/bagOfWords/lbfgs.js";

const random = new Philox(1, 0);
const vector = (n: number) => Float64Array.from({ length: n }, () => random.uniform() - 0.5);
/** A symmetric matrix with eigenvalues above 0, times a vector. */
const [N, ROOT] = [6, Array.from({ length: 6 }, () => vector(6))];
const hessian = (v: Float64Array): Float64Array => {
  const halfway = ROOT.map((row) => row.reduce((sum, value, i) => sum + value * v[i]!, 0));
  return v.map((value, i) => 0.1 * value + ROOT.reduce((sum, row, k) => sum + row[i]! * halfway[k]!, 0));
};

test("without steps the direction is the gradient against the diagonal", () => {
  const inverse = new InverseHessian(Float64Array.of(1, 2, 4));
  expect([...inverse.direction(Float64Array.of(1, 1, -8))]).toEqual([-1, -0.5, 2]);
});

test("the change of the gradient over the last step gives the step back", () => {
  const inverse = new InverseHessian(new Float64Array(N).fill(3));
  for (let i = 0; i < 20; i++) {
    const step = vector(N);
    inverse.note(step, hessian(step));
    for (const [k, value] of inverse.direction(hessian(step)).entries()) expect(value).toBeCloseTo(-step[k]!, 10);
  }
});

test("the inverse is symmetric, with the changes of many steps", () => {
  const inverse = new InverseHessian(vector(N).map((value) => value + 1));
  for (let i = 0; i < 12; i++) {
    const step = vector(N);
    inverse.note(step, hessian(step));
    const [a, b] = [vector(N), vector(N)];
    const product = (x: Float64Array, y: Float64Array) => x.reduce((sum, value, k) => sum + value * y[k]!, 0);
    expect(product(inverse.direction(a), b)).toBeCloseTo(product(inverse.direction(b), a), 8);
    expect(product(inverse.direction(a), a)).toBeLessThan(0);
  }
});

test("a step along which the gradient does not rise is not remembered", () => {
  const inverse = new InverseHessian(new Float64Array(2).fill(1));
  inverse.note(Float64Array.of(1, 0), Float64Array.of(-1, 0));
  inverse.note(Float64Array.of(0, 0), Float64Array.of(0, 0));
  inverse.note(Float64Array.of(1, 0), Float64Array.of(Number.NaN, 0));
  expect([...inverse.direction(Float64Array.of(1, 1))]).toEqual([-1, -1]);
});
