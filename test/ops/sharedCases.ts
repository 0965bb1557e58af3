import { ropeTable } from "../../ts/nn/ropeTable.js";
import { activation } from "../../ts/ops/activation.js";
import { crossEntropy } from "../../ts/ops/crossEntropy.js";
import { embedding } from "../../ts/ops/embedding.js";
import { linear, linearParts, matmul } from "../../ts/ops/gemm.js";
import { layerNorm } from "../../ts/ops/layerNorm.js";
import { add, meanRows, scale, sum } from "../../ts/ops/reduce.js";
import { rope } from "../../ts/ops/rope.js";
import { integers, tensor } from "../../ts/tensor/tensor.js";
import type { OpCase } from "./cases.js";
import * as formulas from "./formulas.js";

const ids = (length: number, below: number): number[] => Array.from({ length }, (_, i) => (7 * i + (i >> 2)) % below);
const ints = (values: readonly number[]) => integers(Int32Array.from(values));
const OFFSETS = [0, 2, 2, 25, 40];

function* products(): Generator<OpCase> {
  yield {
    name: "linear [261, 70] to 143",
    op: (x, w, b) => linear(x!, w!, b!),
    reference: (x, w, b) => formulas.linear(x!, w!, b!, 261, 143, 70),
    shapes: [[261, 70], [143, 70], [143]],
    valueTolerance: 3e-6, // sums of 70 products
  };
  yield {
    name: "linearParts [67, 33] to 3 times 35, the last",
    op: (x, w, b) => linearParts(x!, w!, b!)[2]!,
    reference: (x, w, b) => formulas.linear(x!, w!.subarray(70 * 33), b!.subarray(70), 67, 35, 33),
    shapes: [
      [67, 33],
      [3, 35, 33],
      [3, 35],
    ],
  };
  yield {
    name: "matmul [9, 530] by [530, 141]",
    op: (a, b) => matmul(a!, b!),
    reference: (a, b) => formulas.matmul(a!, b!, 9, 141, 530, false, false),
    shapes: [
      [9, 530],
      [530, 141],
    ],
    valueTolerance: 1e-5, // sums of 530 products
  };
}

function* rows(): Generator<OpCase> {
  yield {
    name: "layerNorm of a sum [37, 131]",
    op: (x, r, w, b) => layerNorm(x!, w!, b!, { eps: 1e-3, residual: r! }),
    reference: (x, r, w, b) =>
      formulas.layerNorm(
        x!.map((v, i) => v + r![i]!),
        w!,
        b!,
        131,
        1e-3,
      ),
    shapes: [[37, 131], [37, 131], [131], [131]],
  };
  yield {
    name: "embedding of 50 ids, 131 wide",
    op: (table) => embedding(table!, ints(ids(50, 23))),
    reference: (table) =>
      formulas.filled(50 * 131, (at) => table![ids(50, 23)[Math.floor(at / 131)]! * 131 + (at % 131)]!),
    shapes: [[23, 131]],
  };
  yield {
    name: "meanRows of 40 rows of 131",
    op: (x) => meanRows(x!, ints(OFFSETS)),
    reference: (x) =>
      formulas.filled(4 * 131, (at) => {
        const [from, to] = [OFFSETS[Math.floor(at / 131)]!, OFFSETS[Math.floor(at / 131) + 1]!];
        let total = 0;
        for (let row = from; row < to; row++) total += x![row * 131 + (at % 131)]!;
        return to > from ? total / (to - from) : 0;
      }),
    shapes: [[40, 131]],
  };
  yield {
    name: "rope of 37 rows, 2 heads of 10, 6 turned",
    op: (x) => {
      const { cos, sin } = ropeTable({ headSize: 6, positions: Array.from({ length: 64 }, (_, p) => p) });
      return rope(x!, { cos: tensor(cos, [64, 3]), sin: tensor(sin, [64, 3]), half: false }, ints(ids(37, 64)), 2);
    },
    reference: (x) => formulas.rope(x!, 20, 2, 6, ids(37, 64), false),
    shapes: [[37, 20]],
  };
  yield {
    name: "crossEntropy of 19 rows of 301",
    op: (x) => crossEntropy(scale(x!, 4), Int32Array.from(ids(19, 301))),
    reference: (x) =>
      formulas.crossEntropy(
        x!.map((v) => 4 * v),
        ids(19, 301),
        301,
      ),
    shapes: [[19, 301]],
  };
}

function* elements(): Generator<OpCase> {
  const shape = [101, 97]; // three runs of 4096, the last one short
  yield {
    name: "gelu of 9797 numbers",
    op: (x) => activation(scale(x!, 5), "gelu"),
    reference: (x) => x!.map((value) => formulas.activations.gelu(5 * value)),
    shapes: [shape],
  };
  yield {
    name: "add of 9797 numbers",
    op: (a, b) => add(a!, b!),
    reference: (a, b) => a!.map((x, i) => x + b![i]!),
    shapes: [shape, shape],
  };
  yield {
    name: "sum of 9797 numbers",
    op: (a) => sum(a!, 0.5),
    reference: (a) => Float64Array.of(0.5 * a!.reduce((s, x) => s + x, 0)),
    shapes: [shape],
  };
}

/** Ops at sizes of which threads get several parts each, the last ones short. Attention is shared at any size. */
export const sharedCases: readonly OpCase[] = [...products(), ...rows(), ...elements()];
