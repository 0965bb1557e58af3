import { crossEntropy, linearCrossEntropy } from "../../ts/ops/crossEntropy.js";
import { binaryCrossEntropy, squaredError } from "../../ts/ops/losses.js";
import { scale } from "../../ts/ops/reduce.js";
import { tensor } from "../../ts/tensor/tensor.js";
import type { OpCase } from "./cases.js";
import * as formulas from "./formulas.js";

function* crossEntropyCases(): Generator<OpCase> {
  for (const [labels, V] of [
    [[0], 1],
    [[2, 0, 1], 3],
    [[4, -100, 0, 10], 11],
    [[5, 5], 130],
  ] as const) {
    for (const labelSmoothing of [0, 0.1, 1]) {
      yield {
        name: `crossEntropy of ${labels.length} rows of ${V}, smoothing ${labelSmoothing}`,
        op: (x) => crossEntropy(scale(x!, 4), Int32Array.from(labels), { labelSmoothing }),
        reference: (x) =>
          formulas.crossEntropy(
            x!.map((v) => 4 * v),
            labels,
            V,
            labelSmoothing,
          ),
        shapes: [[labels.length, V]],
      };
    }
  }
}

/** Sizes around the blocks of 1024 × 2048 logits. */
function* linearCrossEntropyCases(): Generator<OpCase> {
  for (const [N, V, I, labelSmoothing] of [
    [1, 1, 1, 0],
    [5, 7, 3, 0],
    [5, 7, 3, 0.1],
    [3, 2049, 5, 0],
    [1025, 3, 2, 0.1],
  ] as const) {
    const labels = Array.from({ length: N }, (_, n) => (n % 5 === 1 ? -100 : (n * 1031) % V));
    for (const biased of [true, false]) {
      if (!biased && N > 1000) continue; // slow in f64, and the same code
      yield {
        name: `linearCrossEntropy [${N}, ${I}] to ${V}, smoothing ${labelSmoothing}${biased ? "" : ", without bias"}`,
        op: (x, w, b) => linearCrossEntropy(x!, w!, b, Int32Array.from(labels), { labelSmoothing }),
        reference: (x, w, b) => formulas.crossEntropy(formulas.linear(x!, w!, b, N, V, I), labels, V, labelSmoothing),
        shapes: biased
          ? [[N, I], [V, I], [V]]
          : [
              [N, I],
              [V, I],
            ],
      };
    }
  }
}

/** The losses at awkward shapes. */
export function* lossCases(): Generator<OpCase> {
  yield* crossEntropyCases();
  yield* linearCrossEntropyCases();
  const target = [0, 1, 0.25, 1, 0, 0.5];
  yield {
    name: "squaredError",
    op: (x) => squaredError(x!, tensor(target, [2, 3])),
    reference: (x) => Float64Array.of(x!.reduce((s, v, i) => s + (v - target[i]!) ** 2, 0) / 6),
    shapes: [[2, 3]],
  };
  yield {
    name: "binaryCrossEntropy",
    op: (x) => binaryCrossEntropy(scale(x!, 6), tensor(target, [2, 3])),
    reference: (x) =>
      Float64Array.of(x!.reduce((s, v, i) => s + Math.log1p(Math.exp(6 * v)) - 6 * v * target[i]!, 0) / 6),
    shapes: [[2, 3]],
  };
}
