import { labelSet } from "../data/labels.js";
import { ConfigError } from "../errors.js";
import { labelNames, type RoFormerConfig } from "../models/config.js";
import type { Model } from "../models/model.js";
import { checkOptions } from "../options.js";
import { needColumns, readTexts } from "./examples.js";
import { EVALUATE, EVALUATE_SETTINGS, type EvaluateOptions } from "./options.js";
import { checkSettings } from "./settings/rules.js";
import { type ClassifierScores, classify } from "./tasks/classify.js";
import { type MultiLabelScores, multilabel } from "./tasks/multilabel.js";
import { problemTypeOf } from "./tasks/problemType.js";
import { type RegressionScores, regress } from "./tasks/regress.js";
import type { Measured, Task } from "./tasks/task.js";

/** Metrics of a classifier, and what they were made from. */
export interface Evaluation extends ClassifierScores, Measured {}
/** Metrics of a regression. */
export interface RegressionEvaluation extends RegressionScores, Measured {}
/** Metrics of a model of several labels per text. */
export interface MultiLabelEvaluation extends MultiLabelScores, Measured {}

/** What {@link evaluate} gives, by the model's `problem_type`. */
export type AnyEvaluation = Evaluation | RegressionEvaluation | MultiLabelEvaluation;

/**
 * Scores a classifier on labelled texts, by the model's `problem_type`: classes, a regression's values, or several labels per text; the
 * result's `problem` says which. Errors: ConfigError for another model or a column that is not named, DataError for a file that cannot
 * be read or a label that the model does not know, AbortError.
 */
export async function evaluate(model: Model, options: EvaluateOptions): Promise<AnyEvaluation> {
  checkOptions("evaluate", options, EVALUATE);
  if (model.head !== "sequence-classification") {
    throw new ConfigError(`evaluate needs a classifier, not a model with the head "${model.head}"`);
  }
  if (!model.tokenizer) throw new ConfigError("evaluate needs a tokenizer, and the model has none");
  needColumns(options, ["text", "label"]);
  checkSettings("evaluate: ", options, EVALUATE_SETTINGS);
  const task = taskOf(model.config, options);
  const rows = await readTexts(options.data, options, "data", options);
  const examples = task.encode(rows, options, model, options.maxLength ?? model.trainedLength);
  return task.evaluate(model, examples, options);
}

/** A task of any kind of labels. */
type AnyTask = Task<unknown, ClassifierScores | RegressionScores | MultiLabelScores>;

/** What a configuration says the model was trained for. */
function taskOf(config: RoFormerConfig, { labelSeparator }: EvaluateOptions): AnyTask {
  const names = labelNames(config);
  const type = problemTypeOf(config);
  if (labelSeparator !== undefined && (typeof labelSeparator !== "string" || labelSeparator === ""))
    throw new ConfigError(`labelSeparator is ${JSON.stringify(labelSeparator)}, not a text that parts labels`);
  if (labelSeparator !== undefined && type !== "multi_label_classification")
    throw new ConfigError(`labelSeparator is for several labels per text, and the model's problem_type is ${type}`);
  if (type === "regression" && names.length > 1)
    throw new ConfigError(`evaluate: the model gives ${names.length} values a text (problem_type regression), not 1`);
  if (type === "single_label_classification" && names.length === 1)
    throw new ConfigError(`evaluate: the model has one label, and problem_type is ${type}: nothing to tell apart`);
  const labels = labelSet(names, config.label2id);
  const tasks = {
    single_label_classification: () => classify(labels),
    multi_label_classification: () => multilabel(labels, labelSeparator),
    regression: () => regress(names),
  };
  return tasks[type]() as AnyTask;
}
