import { ropeTable } from "../../ts/nn/ropeTable.js";
import { type ActivationName, activation } from "../../ts/ops/activation.js";
import { embedding, gatherRows } from "../../ts/ops/embedding.js";
import { linear, linearParts, matmul } from "../../ts/ops/gemm.js";
import { layerNorm } from "../../ts/ops/layerNorm.js";
import { add, meanRows, mul, reshape, scale, sum } from "../../ts/ops/reduce.js";
import { rope } from "../../ts/ops/rope.js";
import { integers, type Tensor, tensor } from "../../ts/tensor/tensor.js";
import { attentionCases } from "./attentionCases.js";
import * as formulas from "./formulas.js";
import { linearCases } from "./linearCases.js";
import { lossCases } from "./lossCases.js";

/** One declaration of an op at one shape: value, gradient, poison and leak are checked from it. */
export interface OpCase {
  readonly name: string;
  readonly op: (...inputs: Tensor[]) => Tensor;
  readonly reference: (...inputs: Float64Array[]) => Float64Array;
  readonly shapes: readonly (readonly number[])[];
  /** Larger than 1e-6, with the reason. */
  readonly valueTolerance?: number;
  /** Sums are multiplied with sums, so that ∞ becomes ∞ − ∞ elsewhere than in the formula: only NaN is tried. */
  readonly factored?: boolean;
}

const ints = (values: readonly number[]) => integers(Int32Array.from(values));

function* gemmCases(): Generator<OpCase> {
  for (const [N, O, I] of [
    [0, 3, 2],
    [1, 1, 1],
    [1, 17, 5],
    [2, 8, 4],
    [3, 5, 7],
    [4, 9, 1],
    [5, 8, 13],
    [7, 31, 33],
    [13, 6, 64],
    [37, 24, 16],
  ] as const) {
    yield {
      name: `linear [${N}, ${I}] to ${O}`,
      op: (x, w, b) => linear(x!, w!, b!),
      reference: (x, w, b) => formulas.linear(x!, w!, b!, N, O, I),
      shapes: [[N, I], [O, I], [O]],
    };
  }
  yield {
    name: "linear without bias, with gelu",
    op: (x, w) => linear(x!, w!, undefined, "gelu"),
    reference: (x, w) => formulas.linear(x!, w!, undefined, 5, 11, 6).map(formulas.activations.gelu),
    shapes: [
      [5, 6],
      [11, 6],
    ],
  };
  for (const part of [0, 1, 2]) {
    yield {
      name: `linearParts, part ${part} of 3`,
      op: (x, w, b) => linearParts(x!, w!, b!)[part]!,
      reference: (x, w, b) =>
        formulas.linear(x!, w!.subarray(part * 15, part * 15 + 15), b!.subarray(part * 5, part * 5 + 5), 7, 5, 3),
      shapes: [
        [7, 3],
        [3, 5, 3],
        [3, 5],
      ],
    };
  }
  yield {
    name: "linearParts, the sum of all parts",
    op: (x, w, b) => linearParts(x!, w!, b!).reduce((a, y) => add(a, y)),
    reference: (x, w, b) =>
      formulas.filled(35, (at) =>
        [0, 1, 2].reduce(
          (s, p) =>
            s + formulas.linear(x!, w!.subarray(p * 15, p * 15 + 15), b!.subarray(p * 5, p * 5 + 5), 7, 5, 3)[at]!,
          0,
        ),
      ),
    shapes: [
      [7, 3],
      [3, 5, 3],
      [3, 5],
    ],
  };
  for (const [transposeA, transposeB] of [
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ] as const) {
    yield {
      name: `matmul${transposeA ? ", a transposed" : ""}${transposeB ? ", b transposed" : ""}`,
      op: (a, b) => matmul(a!, b!, { transposeA, transposeB }),
      reference: (a, b) => formulas.matmul(a!, b!, 7, 11, 5, transposeA, transposeB),
      shapes: [transposeA ? [5, 7] : [7, 5], transposeB ? [11, 5] : [5, 11]],
    };
  }
}

function* rowCases(): Generator<OpCase> {
  for (const [name, formula] of Object.entries(formulas.activations)) {
    yield {
      name,
      op: (x) => activation(scale(x!, 5), name as ActivationName),
      reference: (x) => x!.map((value) => formula(5 * value)),
      shapes: [[3, 7]],
      valueTolerance: 2e-6, // five times the input's own rounding
    };
  }
  for (const [N, C] of [
    [0, 4],
    [1, 1],
    [1, 4],
    [3, 5],
    [5, 18],
    [2, 67],
    [9, 128],
  ] as const) {
    yield {
      name: `layerNorm [${N}, ${C}]`,
      op: (x, w, b) => layerNorm(x!, w!, b!, { eps: 1e-3 }),
      reference: (x, w, b) => formulas.layerNorm(x!, w!, b!, C, 1e-3),
      shapes: [[N, C], [C], [C]],
      valueTolerance: 4e-6, // 1 / √variance multiplies the rounding of x
    };
    yield {
      name: `layerNorm of a sum [${N}, ${C}]`,
      op: (x, r, w, b) => layerNorm(x!, w!, b!, { eps: 1e-3, residual: r! }),
      reference: (x, r, w, b) =>
        formulas.layerNorm(
          x!.map((v, i) => v + r![i]!),
          w!,
          b!,
          C,
          1e-3,
        ),
      shapes: [[N, C], [N, C], [C], [C]],
      valueTolerance: 4e-6,
    };
  }
  for (const ids of [[], [2], [0, 4, 4, 1, 0, 2, 4]]) {
    yield {
      name: `embedding of ${ids.length} ids`,
      op: (table) => embedding(table!, ints(ids)),
      reference: (table) => formulas.filled(ids.length * 3, (at) => table![ids[Math.floor(at / 3)]! * 3 + (at % 3)]!),
      shapes: [[5, 3]],
    };
  }
  yield {
    name: "gatherRows",
    op: (x) => gatherRows(x!, ints([3, 0, 3])),
    reference: (x) => formulas.filled(12, (at) => x![[3, 0, 3][Math.floor(at / 4)]! * 4 + (at % 4)]!),
    shapes: [[4, 4]],
  };
  yield {
    name: "add",
    op: (a, b) => add(a!, b!),
    reference: (a, b) => a!.map((x, i) => x + b![i]!),
    shapes: [
      [3, 5],
      [3, 5],
    ],
  };
  yield { name: "add to itself", op: (a) => add(a!, a!), reference: (a) => a!.map((x) => 2 * x), shapes: [[3, 5]] };
  yield {
    name: "mul",
    op: (a, b) => mul(a!, b!),
    reference: (a, b) => a!.map((x, i) => x * b![i]!),
    shapes: [
      [3, 7],
      [3, 7],
    ],
    factored: true,
  };
  yield { name: "mul by itself", op: (a) => mul(a!, a!), reference: (a) => a!.map((x) => x * x), shapes: [[3, 5]] };
  yield { name: "mul of nothing", op: (a) => mul(a!, a!), reference: (a) => a!.slice(), shapes: [[0, 5]] };
  yield { name: "scale", op: (a) => scale(a!, -1.5), reference: (a) => a!.map((x) => -1.5 * x), shapes: [[2, 9]] };
  yield {
    name: "reshape",
    op: (a) => scale(reshape(a!, [5, 3]), 2),
    reference: (a) => a!.map((x) => 2 * x),
    shapes: [[3, 5]],
  };
  yield {
    name: "sum",
    op: (a) => sum(a!, 0.5),
    reference: (a) => Float64Array.of(0.5 * a!.reduce((s, x) => s + x, 0)),
    shapes: [[7, 3]],
  };
  yield {
    name: "meanRows with an empty sequence",
    op: (x) => meanRows(x!, ints([0, 2, 2, 7])),
    reference: (x) =>
      formulas.filled(9, (at) => {
        const [from, to] = [[0, 2, 2][Math.floor(at / 3)]!, [2, 2, 7][Math.floor(at / 3)]!];
        let total = 0;
        for (let row = from; row < to; row++) total += x![row * 3 + (at % 3)]!;
        return to > from ? total / (to - from) : 0;
      }),
    shapes: [[7, 3]],
  };
}

function* ropeCases(): Generator<OpCase> {
  const positions = [0, 5, 1, 100, 3, 7, 511];
  for (const [heads, D, R] of [
    [1, 2, 2],
    [2, 6, 6],
    [2, 8, 4],
    [3, 10, 10],
    [1, 64, 64],
  ] as const) {
    for (const half of [false, true]) {
      yield {
        name: `rope ${heads} heads of ${D}, ${R} turned, ${half ? "half-split" : "interleaved"}`,
        op: (x) => {
          const { cos, sin } = ropeTable({ headSize: R, positions: Array.from({ length: 512 }, (_, p) => p) });
          return rope(
            x!,
            { cos: tensor(cos, [512, R / 2]), sin: tensor(sin, [512, R / 2]), half },
            ints(positions),
            heads,
          );
        },
        reference: (x) => formulas.rope(x!, heads * D, heads, R, positions, half),
        shapes: [[7, heads * D]],
      };
    }
  }
}

/** Every op at awkward shapes. */
export const opCases: readonly OpCase[] = [
  ...gemmCases(),
  ...rowCases(),
  ...attentionCases,
  ...ropeCases(),
  ...linearCases,
  ...lossCases(),
];
