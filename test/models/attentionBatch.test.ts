import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { memory, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { type AttentionName, attentions } from "../../ts/nn/attentions/index.js";
import { pack } from "../../ts/nn/packed.js";
import { type PositionName, positions } from "../../ts/nn/positions/index.js";

const config: RoFormerConfigInput = {
  ...{ vocab_size: 50, hidden_size: 16, num_hidden_layers: 3, num_attention_heads: 2, intermediate_size: 32 },
};
const packed = pack([5, 1, 9].map((length) => Array.from({ length }, (_, i) => 1 + ((7 * i) % 40))));
const targets = { tokens: packed.tokens };

/** Bytes and number of slots: without working memory, which is kept. */
const held = () => [engine().used_bytes(), memory().slots];

let made: MockInstance;
beforeEach(() => {
  made = vi.spyOn(engine(), "attention_batch");
});
afterEach(() => made.mockRestore());

describe("the layers of a model", () => {
  const kinds = [
    ...(Object.keys(positions) as PositionName[]).map((position) => ({ position })),
    ...(Object.keys(attentions) as AttentionName[]).map((attention) => ({ attention })),
  ];
  it.each(kinds)("share one description of a batch with %j, forward, backward and made again", (kind) => {
    const model = RoFormer.create({ ...config, roformer_js: kind }, { head: "masked-lm", seed: 1 });
    model.store.requireGradients();
    const run = (recompute: boolean) => {
      made.mockClear();
      const loss = model.lossAndGradients(packed, targets, { train: true, seed: 5, step: 7, recompute });
      expect(made).toHaveBeenCalledTimes(1);
      return loss;
    };
    const loss = run(false);
    const kept = held();
    expect(run(true)).toBe(loss);
    expect(run(false)).toBe(loss);
    expect(held()).toEqual(kept);
    made.mockClear();
    model.forward({
      inputIds: [
        [1, 2, 3],
        [4, 5, 6],
      ],
    });
    expect(made).toHaveBeenCalledTimes(1);
    expect(held()).toEqual(kept);
    model.close();
  });

  it("of a decoder share two: of its own tokens, and of the encoder's", () => {
    const decoder = { ...config, is_decoder: true, add_cross_attention: true };
    const model = RoFormer.create(decoder, { seed: 1 });
    const encoderHiddenStates = { data: new Float32Array(4 * 16).fill(0.5), shape: [1, 4, 16] };
    const run = () => void model.forward({ inputIds: [[1, 2, 3]], encoderHiddenStates } as never);
    run(); // makes the table of positions, which is kept
    const kept = held();
    made.mockClear();
    run();
    expect(made).toHaveBeenCalledTimes(2);
    expect(held()).toEqual(kept);
    model.close();
  });
});
