import { describe, expect, it } from "vitest";
import { ConfigError, RoFormer, type RoFormerConfigInput, ShapeError } from "../../ts/index.js";

const config: RoFormerConfigInput = {
  vocab_size: 30,
  hidden_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 16,
  initializer_range: 0.3,
};
const inputIds = [
  [1, 2, 3, 4, 5],
  [6, 7, 8, 9, 10],
];

describe("decoders", () => {
  it("a fresh causal language model sees nothing that comes later", () => {
    const model = RoFormer.create(config, { head: "causal-lm" });
    expect(model.config.is_decoder).toBe(true);
    const [whole, changed] = [inputIds, [[1, 2, 3, 4, 29], inputIds[1]!]].map(
      (ids) => model.forward({ inputIds: ids }).logits!.data,
    );
    expect([...whole!.slice(0, 4 * 30)]).toEqual([...changed!.slice(0, 4 * 30)]);
    expect([...whole!.slice(4 * 30, 5 * 30)]).not.toEqual([...changed!.slice(4 * 30, 5 * 30)]);
    model.close();
  });

  it("cross-attention with padding gives the bits that it gives without", () => {
    const model = RoFormer.create(
      { ...config, is_decoder: true, add_cross_attention: true },
      { head: "causal-lm", seed: 2 },
    );
    const states = (rows: number[]) =>
      Float32Array.from(rows.flatMap((row) => Array.from({ length: 12 }, (_, i) => Math.sin(row + i))));
    const run = (b: number, rows: number[]) =>
      model.forward({
        inputIds: [inputIds[b]!],
        encoderHiddenStates: { data: states(rows), shape: [1, rows.length, 12] },
      }).logits!.data;
    const padded = model.forward({
      inputIds,
      encoderHiddenStates: { data: states([1, 2, 3, 99, 4, 5, 6, 7]), shape: [2, 4, 12] },
      encoderAttentionMask: [
        [1, 1, 1, 0],
        [1, 1, 1, 1],
      ],
    }).logits!.data;
    expect([...padded]).toEqual([...run(0, [1, 2, 3]), ...run(1, [4, 5, 6, 7])]);
    model.close();
  });

  it("wrong encoder states are refused, by name", () => {
    const plain = RoFormer.create(config, { head: "causal-lm" });
    const cross = RoFormer.create({ ...config, is_decoder: true, add_cross_attention: true }, { head: "causal-lm" });
    const given = (shape: number[], length = shape.reduce((a, b) => a * b, 1)) => ({
      inputIds,
      encoderHiddenStates: { data: new Float32Array(length), shape },
    });
    expect(() => plain.forward(given([2, 3, 12]))).toThrow(ConfigError);
    for (const [inputs, message] of [
      [given([2, 3, 11]), /encoderHiddenStates is \[2, 3, 11\], not \[B, S, C\] = \[2, S, 12\]/],
      [given([1, 3, 12]), /not \[B, S, C\] = \[2, S, 12\]/],
      [given([2, 3, 12], 5), /encoderHiddenStates: data is 5, not 72 numbers/],
      [{ ...given([2, 3, 12]), encoderAttentionMask: [[1, 1, 1]] }, /encoderAttentionMask is 1, not B = 2 rows/],
      [{ inputIds, encoderHiddenStates: 3 as never }, /encoderHiddenStates is 3/],
    ] as const) {
      expect(() => cross.forward(inputs as never)).toThrow(message);
      expect(() => cross.forward(inputs as never)).toThrow(ShapeError);
    }
    for (const model of [plain, cross]) model.close();
  });
});

describe("inputs of heads", () => {
  it("of questions with answers and choices are checked, and what is wrong is named", () => {
    const answerer = RoFormer.create(config, { head: "question-answering" });
    const chooser = RoFormer.create(config, { head: "multiple-choice" });
    const ids = [inputIds];
    for (const [run, message] of [
      [() => answerer.forward({ inputIds, startPositions: [1, 2] }), /startPositions and endPositions go together/],
      [
        () => answerer.forward({ inputIds, startPositions: [1], endPositions: [1, 2] }),
        /startPositions is 1, not a number/,
      ],
      [
        () => answerer.forward({ inputIds, startPositions: [1.5, 0], endPositions: [1, 2] }),
        /startPositions\[0\] is 1\.5/,
      ],
      [() => chooser.forward({ inputIds }), /\[B\]\[choices\]\[T\]/],
      [() => chooser.forward({ inputIds: [inputIds, [inputIds[0]!]] }), /inputIds\[1\].*2 choices/],
      [() => chooser.forward({ inputIds: ids, labels: [2] }), /label of question 0 is 2, not a class from 0 to 1/],
      [() => chooser.forward({ inputIds: ids, labels: [0, 1] }), /labels is 2, not one for each of 1 questions/],
    ] as const) {
      expect(run).toThrow(message);
    }
    for (const model of [answerer, chooser]) model.close();
  });
});
