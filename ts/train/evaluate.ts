import { labelSet } from "../data/labels.js";
import { ConfigError } from "../errors.js";
import { labelNames, type RoFormerConfig } from "../models/config.js";
import type { Model } from "../models/model.js";
import { checkOptions } from "../options.js";
import { finiteRows } from "../pipelines/numbers.js";
import type { Job } from "../pipelines/pipeline.js";
import { run } from "../pipelines/run.js";
import { type Example, encodeRows, needColumns, readTexts } from "./examples.js";
import { checkNumbers } from "./numbers.js";
import { EVALUATE, type EvaluateOptions } from "./options.js";
import { type MultiLabelScores, multiLabel } from "./problems/multiLabel.js";
import type { Problem } from "./problems/problem.js";
import { type RegressionScores, regression } from "./problems/regression.js";
import { type ClassifierScores, singleLabel } from "./problems/singleLabel.js";

/** What an evaluation took. */
export interface Measured {
  /** Names of the classes, in order of their ids. */
  readonly labels: readonly string[];
  /** Tokens computed. */
  readonly tokens: number;
  /** Seconds that it took. */
  readonly seconds: number;
}

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
  checkNumbers("evaluate: ", options);
  const problem = problemOf(model.config, options);
  const rows = await readTexts(options.data, options, "data", options);
  const maxLength = options.maxLength ?? model.trainedLength;
  const labelOf = (row: (typeof rows)[number]) => problem.readLabel(row, options.label);
  return evaluateExamples(model, encodeRows(rows, options, model, { maxLength, labelOf }), problem, options);
}

/** Any problem; its label and what is kept of a text are its own business. */
type AnyProblem = Problem<unknown, unknown, ClassifierScores | RegressionScores | MultiLabelScores>;

/** What a configuration says the model is asked. */
export const problemTypeOf = (config: RoFormerConfig) =>
  config.problem_type ?? (labelNames(config).length === 1 ? "regression" : "single_label_classification");

function problemOf(config: RoFormerConfig, { labelSeparator }: EvaluateOptions): AnyProblem {
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
  const problems = {
    single_label_classification: () => singleLabel(labels),
    multi_label_classification: () => multiLabel(labels, labelSeparator),
    regression: () => regression(names),
  };
  return problems[type]() as AnyProblem;
}

/** Scores a classifier on texts that are encoded already. */
export async function evaluateExamples<T, J, E>(
  model: Model,
  examples: readonly Example<T>[],
  problem: Problem<T, J, E>,
  { signal, onProgress }: Pick<EvaluateOptions, "signal" | "onProgress"> = {},
): Promise<E & Measured> {
  const started = performance.now();
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const job: Job<J, J> = {
    sequences: examples,
    read({ head }, places) {
      const logits = finiteRows(head().logits!);
      return places.map(({ row, index }) => problem.judge(logits(row), examples[index]!.label));
    },
    finish: (found) => [...found],
  };
  const judged = await run(model, { what: "evaluate", job, options });
  return {
    ...problem.score(
      judged,
      examples.map(({ label }) => label),
    ),
    labels: problem.labels,
    tokens: examples.reduce((sum, { ids }) => sum + ids.length, 0),
    seconds: (performance.now() - started) / 1000,
  };
}
