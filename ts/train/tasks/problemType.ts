import { inOrderOf, type LabelSet, labelSet } from "../../data/labels.js";
import { ConfigError } from "../../errors.js";
import { labelNames, type RoFormerConfig, type RoFormerConfigInput } from "../../models/config.js";
import type { ProblemType } from "../../nn/heads/index.js";
import type { TaskColumns } from "./columns.js";

/** What a configuration says that the labels of a sequence classifier mean. */
export const problemTypeOf = (config: RoFormerConfig): ProblemType =>
  config.problem_type ?? (labelNames(config).length === 1 ? "regression" : "single_label_classification");

/** The labels of a model, in the order of its outputs. */
export const modelLabels = (config: RoFormerConfig): LabelSet => labelSet(labelNames(config), config.label2id);

/** Labels in the order of a model that has the same ones; undefined for another set. */
export const inModelOrder = (config: RoFormerConfig, labels: LabelSet): LabelSet | undefined =>
  inOrderOf(modelLabels(config), labels);

/** Refuses a model that was trained for another problem, or whose outputs mean nothing. Errors: ConfigError. */
export function requireProblem(config: RoFormerConfig, problem: ProblemType, { labelSeparator }: TaskColumns): void {
  const { length } = labelNames(config);
  const type = problemTypeOf(config);
  if (type !== problem) throw new ConfigError(`the model's problem_type is ${type}, not ${problem}`);
  if (labelSeparator !== undefined && type !== "multi_label_classification")
    throw new ConfigError(`labelSeparator is for several labels per text, and the model's problem_type is ${type}`);
  if (type === "regression" && length > 1)
    throw new ConfigError(`evaluate: the model gives ${length} values a text (problem_type regression), not 1`);
  if (type === "single_label_classification" && length === 1)
    throw new ConfigError(`evaluate: the model has one label, and problem_type is ${type}: nothing to tell apart`);
}

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

/** What `config.json` says about the outputs of a token classifier. */
export const tokenLabelFields = (names: readonly string[]): Partial<RoFormerConfigInput> => ({
  problem_type: undefined,
  num_labels: names.length,
  id2label: Object.fromEntries(names.map((name, id) => [String(id), name])),
  label2id: Object.fromEntries(names.map((name, id) => [name, id])),
});
