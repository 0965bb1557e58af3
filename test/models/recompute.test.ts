import { beforeAll, describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { memory, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { type AttentionName, attentions } from "../../ts/nn/attentions/index.js";
import { pack } from "../../ts/nn/packed.js";
import { type PositionName, positions } from "../../ts/nn/positions/index.js";
import { Philox } from "../../ts/random/philox.js";
import { finetune } from "../../ts/train/index.js";

const config: RoFormerConfigInput = {
  vocab_size: 90,
  embedding_size: 16,
  hidden_size: 64,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  intermediate_size: 256,
};
const random = new Philox(3, 95);
const packed = pack([40, 1, 64, 33].map((length) => Array.from({ length }, () => 1 + random.below(89))));
const targets = { tokens: packed.tokens, sequences: [0, 1, 1, 0] };

beforeAll(() => engine().set_poison(true));

describe("recompute", () => {
  const kinds = [
    ...(Object.keys(positions) as PositionName[]).map((position) => ({ position })),
    ...(Object.keys(attentions) as AttentionName[]).map((attention) => ({ attention })),
  ];
  it.each(kinds)("gives the same bits with %j, and dropout, in less memory", (kind) => {
    const run = (recompute: boolean) => {
      const before = engine().live();
      const model = RoFormer.create({ ...config, roformer_js: kind }, { head: "masked-lm", seed: 2 });
      model.store.requireGradients();
      const [held, slots] = [memory().used, memory().slots];
      engine().reset_peak();
      const loss = model.lossAndGradients(packed, targets, { train: true, seed: 5, step: 7, recompute });
      const peak = memory().peak - held;
      // A second time, added to the first.
      model.lossAndGradients(packed, targets, { train: true, seed: 5, step: 8, recompute });
      expect(memory().slots - slots).toBeLessThanOrEqual(4); // a table of positions, made once
      const gradients = model.store.parameters.map((one) => [one.name, [...one.gradient().data]]);
      model.close();
      expect(engine().live()).toBe(before);
      return { loss, peak, gradients };
    };
    const [plain, saving] = [run(false), run(true)];
    expect(saving.loss).toBe(plain.loss);
    expect(saving.gradients).toEqual(plain.gradients);
    expect(saving.peak).toBeLessThan(0.6 * plain.peak);
  });

  it("fine-tunes to the same model", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({ text: `${i % 2 ? "good" : "bad"} ${i} film`, label: i % 2 }));
    const run = async (recompute: boolean) => {
      const sizes = { layers: 2, width: 16, heads: 2, vocabSize: 80, batch: 8, steps: 4 };
      const { model } = await finetune({ train: rows, text: "text", label: "label", ...sizes, recompute });
      const values = model.parameters().map((one) => [...one.read()]);
      model.close();
      return values;
    };
    expect(await run(true)).toEqual(await run(false));
  });
});
