import { expect, it } from "vitest";
import { memory, RoFormer } from "../../ts/index.js";
import { Best } from "../../ts/train/best.js";
import type { ClassifierMetrics } from "../../ts/train/problems/singleLabel.js";

const config = {
  vocab_size: 11,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 12,
  num_labels: 3,
};
const metrics = (accuracy: number, loss: number) => ({ accuracy, loss }) as ClassifierMetrics;
const fill = (model: RoFormer, value: number) => {
  for (const one of model.store.saved) one.write(new Float32Array(one.read().length).fill(value));
};
const first = (model: RoFormer) => new Map(model.store.saved.map((one) => [one.name, one.read()[0]]));

it("the best epoch is kept in the engine's memory: what is trained, and random features, and nothing else", () => {
  const performer = { ...config, roformer_js: { attention: "performer", num_random_features: 6 } } as const;
  const model = RoFormer.create(performer, { head: "sequence-classification" });
  const isFrozen = (name: string) => name.includes("embeddings") || name.includes("query");
  model.store.freeze(isFrozen);
  const before = memory();
  const best = new Best(model);
  const numbers = model.store.saved.reduce((sum, one) => sum + (isFrozen(one.name) ? 0 : one.read().length), 0);
  expect(memory().used - before.used).toBeGreaterThanOrEqual(4 * numbers);
  expect(memory().used - before.used).toBeLessThan(4 * numbers + 128);
  for (const [i, [accuracy, loss]] of [
    [0.5, 1],
    [0.75, 2],
    [0.75, 1.5], // the best
    [0.75, 1.5],
    [0.5, 0],
  ].entries()) {
    fill(model, i);
    best.note(metrics(accuracy!, loss!));
  }
  fill(model, 9);
  best.restore();
  const found = first(model);
  expect([...found.keys()].some((name) => name.endsWith("projection_matrix"))).toBe(true);
  for (const [name, value] of found) expect(value, name).toBe(isFrozen(name) ? 9 : 2);
  best.free();
  best.free();
  expect(memory()).toEqual({ ...memory(), used: before.used, slots: before.slots });
  model.close();
});

it("nothing is restored where no epoch ended", () => {
  const model = RoFormer.create(config, { head: "sequence-classification" });
  const best = new Best(model);
  fill(model, 3);
  best.restore();
  expect(new Set(first(model).values())).toEqual(new Set([3]));
  best.free();
  model.close();
});
