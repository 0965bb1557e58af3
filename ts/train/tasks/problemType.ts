import { labelNames, type RoFormerConfig, type RoFormerConfigInput } from "../../models/config.js";
import type { ProblemType } from "../../nn/heads/index.js";

/** What a configuration says that the labels of a sequence classifier mean. */
export const problemTypeOf = (config: RoFormerConfig): ProblemType =>
  config.problem_type ?? (labelNames(config).length === 1 ? "regression" : "single_label_classification");

/** What `config.json` says about the outputs of a sequence classifier. */
export const labelFields = (problem: ProblemType, names: readonly string[]): Partial<RoFormerConfigInput> => ({
  problem_type: problem,
  num_labels: names.length,
  id2label: Object.fromEntries(names.map((name, id) => [String(id), name])),
  label2id: Object.fromEntries(names.map((name, id) => [name, id])),
  // A cross-encoder's activation is for its own labels.
  sentence_transformers: undefined,
  sbert_ce_default_activation_function: undefined,
});
