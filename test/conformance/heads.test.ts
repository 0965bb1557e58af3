import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { type HeadFactory, type HeadName, heads } from "../../ts/nn/heads/index.js";
import { temporaryFolder } from "../process.js";
import { headSuite } from "./headSuite.js";

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

describe.each(Object.entries(heads) as [HeadName, HeadFactory][])("head %s", (_, factory) => {
  for (const { name: fact, run } of headSuite(factory)) it(fact, run);
});

/** What holds of a whole model with each head. */
describe.each(Object.entries(heads) as [HeadName, HeadFactory][])(
  "a model with the head %s",
  (head, { labels: by, choices = false }) => {
    const labels = {
      tokens: {
        labels: [
          [1, -100, 2],
          [0, 0, -100],
        ],
      },
      sequences: { labels: choices ? [1] : [2, 0] },
      spans: { startPositions: [0, 1], endPositions: [2, 1] },
      none: { labels: [2, 0] },
    }[by];
    const inputs = { inputIds: choices ? [inputIds] : inputIds, ...labels };

    it("gives outputs and, with labels, a loss and gradients that training can use", () => {
      const model = RoFormer.create(config, { head, seed: 2 });
      const out = model.forward({ inputIds: inputs.inputIds });
      expect(out.lastHiddenState.shape).toEqual([2, 3, 12]);
      if (by === "none") {
        expect(() => model.valueAndGrad(inputs)).toThrow(/no loss/);
      } else {
        const { loss, gradients } = model.valueAndGrad(inputs);
        expect(loss).toBe(model.forward(inputs).loss);
        const dead = [...gradients].filter(([, { data }]) => data.every((x) => x === 0)).map(([name]) => name);
        expect(dead).toEqual([]);
        expect([...gradients].every(([, { data }]) => data.every(Number.isFinite))).toBe(true);
      }
      model.close();
    });

    it.each(["roformer", "bert"] as const)(
      "of a %s is chosen by the name of its class when a saved model is loaded, and a copy has the same bytes",
      async (model_type) => {
        const folder = join(temporaryFolder(), "model");
        const model = RoFormer.create({ ...config, model_type, some_key: [1, { a: null }] } as never, {
          head,
          seed: 2,
        });
        await model.save(folder);
        const loaded = await RoFormer.load(folder);
        expect(loaded.head).toBe(head);
        await loaded.save(`${folder}-copy`);
        for (const file of ["config.json", "model.safetensors"]) {
          expect(readFileSync(join(`${folder}-copy`, file))).toEqual(readFileSync(join(folder, file)));
        }
        expect(loaded.config).toMatchObject({ some_key: [1, { a: null }] });
        for (const one of [model, loaded]) one.close();
      },
    );
  },
);
