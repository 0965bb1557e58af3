import { attention } from "../../ts/ops/attention.js";
import { integers, tensor } from "../../ts/tensor/tensor.js";
import type { OpCase } from "./cases.js";
import * as formulas from "./formulas.js";

const ints = (values: readonly number[]) => integers(Int32Array.from(values));

function* maskedCases(): Generator<OpCase> {
  const lists = [
    [0, 1],
    [0, 5, 5, 6],
    [0, 33, 34, 40],
    [0, 70],
  ];
  for (const offsets of lists) {
    for (const [heads, D] of [
      [1, 4],
      [2, 6],
      [3, 8],
      [2, 1],
    ] as const) {
      for (const mask of [{}, { causal: true }, { window: 2 }]) {
        const N = offsets.at(-1)!;
        const C = heads * D;
        yield {
          name: `attention ${offsets.join(" ")}, ${heads} heads of ${D} ${Object.keys(mask).join()}`,
          op: (q, k, v) => attention(q!, k!, v!, { heads, queryOffsets: ints(offsets), ...mask }),
          reference: (q, k, v) =>
            formulas.attention(q!, k!, v!, C, { heads, queryOffsets: offsets, keyOffsets: offsets, ...mask }),
          shapes: [
            [N, C],
            [N, C],
            [N, C],
          ],
        };
      }
    }
  }
  for (const causal of [false, true]) {
    const [queryOffsets, keyOffsets] = [
      [0, 3, 4, 4, 9],
      [0, 0, 5, 7, 11],
    ];
    yield {
      name: `attention of other keys, some sequences without any${causal ? ", causal" : ""}`,
      op: (q, k, v) =>
        attention(q!, k!, v!, { heads: 2, queryOffsets: ints(queryOffsets), keyOffsets: ints(keyOffsets), causal }),
      reference: (q, k, v) => formulas.attention(q!, k!, v!, 8, { heads: 2, queryOffsets, keyOffsets, causal }),
      shapes: [
        [9, 8],
        [11, 8],
        [11, 8],
      ],
    };
  }
}

/** Options together, where the numbers of queries and keys differ, and some sequences have none. */
const TOGETHER = { queryOffsets: [0, 4, 4, 5, 24], keyOffsets: [0, 7, 10, 10, 33], heads: 2, C: 6 };
const PREFIX = [3, 1, 0, 20];

/** {@link TOGETHER} and a mask, as the op takes them. */
const optionsOf = ({ prefix, ...mask }: { prefix?: number[]; causal?: boolean; window?: number }) => ({
  ...mask,
  heads: TOGETHER.heads,
  queryOffsets: ints(TOGETHER.queryOffsets),
  keyOffsets: ints(TOGETHER.keyOffsets),
  ...(prefix && { prefix: ints(prefix) }),
});

function* biasCases(): Generator<OpCase> {
  const { C, ...packed } = TOGETHER;
  for (const biasHeads of [1, 2]) {
    for (const mask of [{}, { causal: true }, { window: 3 }, { causal: true, prefix: PREFIX, window: 9 }]) {
      const biasShape = [biasHeads, 20, 25];
      yield {
        name: `attention with a bias of ${biasHeads} heads ${JSON.stringify(mask)}`,
        op: (q, k, v, bias) => attention(q!, k!, v!, { ...optionsOf(mask), bias: bias! }),
        reference: (q, k, v, bias) =>
          formulas.attention(q!, k!, v!, C, { ...packed, ...mask, bias: { numbers: bias!, shape: biasShape } }),
        shapes: [[24, C], [33, C], [33, C], biasShape],
      };
    }
  }
}

function* alibiCases(): Generator<OpCase> {
  const { C, ...packed } = TOGETHER;
  const [queryPositions, keyPositions] = [24, 33].map((n) => Array.from({ length: n }, (_, i) => (7 * i) % 29));
  const slopes = [0.25, 0.0625];
  for (const mask of [{}, { causal: true }, { window: 3 }, { prefix: PREFIX, causal: true }]) {
    yield {
      name: `attention with slopes ${JSON.stringify(mask)}`,
      op: (q, k, v) =>
        attention(q!, k!, v!, {
          ...optionsOf(mask),
          slopes: tensor(slopes),
          queryPositions: ints(queryPositions!),
          keyPositions: ints(keyPositions!),
        }),
      reference: (q, k, v) =>
        formulas.attention(q!, k!, v!, C, { ...packed, ...mask, slopes, queryPositions, keyPositions }),
      shapes: [
        [24, C],
        [33, C],
        [33, C],
      ],
    };
  }
}

function* dividedCases(): Generator<OpCase> {
  for (const mask of [{}, { causal: true }, { window: 100 }]) {
    yield {
      name: `attention of 530 tokens in one head ${JSON.stringify(mask)}`,
      op: (q, k, v) => attention(q!, k!, v!, { heads: 1, queryOffsets: ints([0, 530]), ...mask }),
      reference: (q, k, v) =>
        formulas.attention(q!, k!, v!, 3, { heads: 1, queryOffsets: [0, 530], keyOffsets: [0, 530], ...mask }),
      shapes: [
        [530, 3],
        [530, 3],
        [530, 3],
      ],
    };
  }
}

/** Attention with all its options, at awkward shapes, and at one that threads divide. */
export const attentionCases: readonly OpCase[] = [...maskedCases(), ...biasCases(), ...alibiCases(), ...dividedCases()];
