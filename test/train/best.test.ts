import { expect, it } from "vitest";
import { memory, RoFormer } from "../../ts/index.js";
import { Best } from "../../ts/train/best.js";

const config = {
  vocab_size: 11,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 12,
  num_labels: 3,
};
const higher = (a: object, b: object) => (a as Figures).f1 > (b as Figures).f1;
interface Figures {
  readonly f1: number;
}
const fill = (model: RoFormer, value: number) => {
  for (const one of model.store.saved) one.write(new Float32Array(one.read().length).fill(value));
};
const first = (model: RoFormer) => new Map(model.store.saved.map((one) => [one.name, one.read()[0]]));

it("the best evaluation is kept in the engine's memory: what is trained, and random features, and nothing else", () => {
  const performer = { ...config, roformer_js: { attention: "performer", num_random_features: 6 } } as const;
  const model = RoFormer.create(performer, { head: "sequence-classification" });
  const isFrozen = (name: string) => name.includes("embeddings") || name.includes("query");
  model.store.freeze(isFrozen);
  const before = memory();
  const best = new Best(model, higher);
  const numbers = model.store.saved.reduce((sum, one) => sum + (isFrozen(one.name) ? 0 : one.read().length), 0);
  expect(memory().used - before.used).toBeGreaterThanOrEqual(4 * numbers);
  expect(memory().used - before.used).toBeLessThan(4 * numbers + 128);
  for (const [i, score] of [0.5, 0.625, 0.75, 0.75, 0.25].entries()) {
    fill(model, i);
    best.note({ f1: score }, 1);
  }
  fill(model, 9);
  best.restore();
  expect(best.figures).toEqual({ f1: 0.75 });
  const found = first(model);
  expect([...found.keys()].some((name) => name.endsWith("projection_matrix"))).toBe(true);
  for (const [name, value] of found) expect(value, name).toBe(isFrozen(name) ? 9 : 2);
  best.free();
  best.free();
  expect(memory()).toEqual({ ...memory(), used: before.used, slots: before.slots });
  model.close();
});

it("nothing is kept where no scores are better than others", () => {
  const model = RoFormer.create(config, { head: "sequence-classification" });
  const before = memory();
  const best = new Best(model, undefined);
  expect(memory()).toEqual(before);
  for (const score of [1, 2]) best.note({ f1: score }, 1);
  fill(model, 3);
  best.restore();
  expect(best.figures).toEqual({ f1: 2 });
  expect(new Set(first(model).values())).toEqual(new Set([3]));
  best.free();
  model.close();
});

it("the copy is of values, in whatever order inference and training have them in memory", () => {
  const model = RoFormer.create(config, { head: "sequence-classification", seed: 4 });
  const infer = () => model.forward({ inputIds: [[1, 2, 3]] }).logits.data;
  const [values, logits] = [model.parameters().map((one) => one.read()), infer()];
  const best = new Best(model, higher);
  best.note({ f1: 1 }, 1);
  model.store.requireGradients();
  best.restore();
  expect(model.parameters().map((one) => one.read())).toEqual(values);
  expect(infer()).toEqual(logits);
  best.free();
  model.close();
});

it("nothing is restored where nothing was evaluated", () => {
  const model = RoFormer.create(config, { head: "sequence-classification" });
  const best = new Best(model, higher);
  fill(model, 3);
  best.restore();
  expect(best.figures).toBeUndefined();
  expect(new Set(first(model).values())).toEqual(new Set([3]));
  best.free();
  model.close();
});
