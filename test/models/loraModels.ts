import { readFileSync, writeFileSync } from "node:fs";
import { afterEach } from "vitest";
import { type HeadName, RoFormer, type RoFormerConfigInput } from "../../ts/index.js";
import { pack } from "../../ts/nn/packed.js";
import { TrainStep } from "../../ts/train/index.js";

export const config: RoFormerConfigInput = {
  vocab_size: 31,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  num_labels: 3,
};
export const texts = [
  [3, 4, 5, 6, 7],
  [8, 9],
  [10, 11, 12, 30, 1, 2, 3],
];
export const packed = pack(texts);
export const targets = { sequences: [0, 2, 1] };
export const batch = { packed, targets };

const models: RoFormer[] = [];
const own = <T extends RoFormer>(model: T): T => {
  models.push(model);
  return model;
};
export const make = (head: HeadName = "sequence-classification", more: RoFormerConfigInput = {}, seed = 1) =>
  own(RoFormer.create({ ...config, ...more }, { head, seed }) as RoFormer);
export const load = async (...args: Parameters<typeof RoFormer.load>) => own(await RoFormer.load(...args));
afterEach(() => {
  for (const model of models.splice(0)) model.close();
});

export const values = (model: RoFormer) => new Map(model.parameters().map((one) => [one.name, one.read()]));
export const named = (model: RoFormer, name: string) => model.parameters().find((one) => one.name === name)!;
export const isAdapter = (name: string) => /\.lora_[AB]\.weight$/.test(name);
export function train(model: RoFormer, steps = 3, options: Partial<ConstructorParameters<typeof TrainStep>[1]> = {}) {
  const step = new TrainStep(model, { seed: 5, schedule: () => 0.05, ...options });
  const losses = Array.from({ length: steps }, () => step.run(batch).loss);
  step.free();
  return losses;
}
export const fieldsOf = (folder: string) => JSON.parse(readFileSync(`${folder}/adapter_config.json`, "utf8"));
export const change = (folder: string, fields: object) =>
  writeFileSync(`${folder}/adapter_config.json`, JSON.stringify({ ...fieldsOf(folder), ...fields }));
