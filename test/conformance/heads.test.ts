import { beforeAll, describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { type HeadFactory, type HeadName, heads } from "../../ts/nn/heads/index.js";

const config: RoFormerConfigInput = {
  vocab_size: 30,
  hidden_size: 12,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
  initializer_range: 0.3,
  id2label: { "0": "a", "1": "b", "2": "c" },
};
const inputIds = [
  [1, 2, 3],
  [4, 5, 6],
];

beforeAll(() => engine().set_poison(true));

/** What may be said of every head. A new one is tested by being registered. */
describe.each(Object.entries(heads) as [HeadName, HeadFactory][])("head %s", (head, { labels: by }) => {
  const labels =
    by === "tokens"
      ? [
          [1, -100, 2],
          [-100, 0, -100],
        ]
      : [2, 0];

  it("gives outputs and, with labels, a loss and gradients that training can use", () => {
    const model = RoFormer.create(config, { head, seed: 2 });
    const out = model.forward({ inputIds });
    expect(out.lastHiddenState.shape).toEqual([2, 3, 12]);
    if (by === "none") {
      expect(() => model.valueAndGrad({ inputIds, labels })).toThrow(/no loss/);
    } else {
      const { loss, gradients } = model.valueAndGrad({ inputIds, labels });
      expect(loss).toBe(model.forward({ inputIds, labels }).loss);
      const dead = [...gradients].filter(([, { data }]) => data.every((x) => x === 0)).map(([name]) => name);
      expect(dead).toEqual([]);
      expect([...gradients].every(([, { data }]) => data.every(Number.isFinite))).toBe(true);
    }
    model.close();
  });

  it("is chosen by the name of its class when a saved model is loaded", () => {
    const { architecture } = heads[head];
    expect(Object.values(heads).filter((one) => one.architecture === architecture)).toHaveLength(1);
  });
});
