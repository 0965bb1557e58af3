import type { Row } from "../data/values.js";
import { ConfigError } from "../errors.js";
import type { RoFormerConfig } from "../models/config.js";
import { labelNames } from "../models/config.js";
import type { Model } from "../models/model.js";
import type { HeadName } from "../nn/heads/index.js";
import { checkOptions } from "../options.js";
import { readTexts } from "./examples.js";
import { withGlueRows } from "./glue.js";
import type { GlueMetrics } from "./glueScores.js";
import { EVALUATE, EVALUATE_SETTINGS, type EvaluateOptions } from "./options.js";
import { type Reported, reported } from "./reported.js";
import { checkSettings } from "./settings/rules.js";
import { columnsOf } from "./tasks/columns.js";
import type { RowPrediction } from "./tasks/details.js";
import { type ScoresOf, TASKS, type TaskName, taskKind } from "./tasks/index.js";
import { problemTypeOf } from "./tasks/problemType.js";
import type { Measured } from "./tasks/task.js";

/** What {@link evaluate} returns for a task: scores, and what they were made from. */
export type Evaluation<T extends TaskName = "classify"> = Reported<ScoresOf<T>> & Measured & GlueEvaluation;

/** What an evaluation on a GLUE task has besides. */
export interface GlueEvaluation {
  /** With the official scores. */
  readonly metrics: GlueMetrics;
}

/** What {@link evaluate} returns for a model of any head: `problem` says which. */
export type AnyEvaluation = { [T in TaskName]: Evaluation<T> }[TaskName];

/**
 * Scores a model on labeled rows by what it was trained for: its head, and for sequence classifiers `problem_type`; `task` says
 * otherwise. The result's `problem` says what was asked. Errors: ConfigError for a model without a task or a column that is not named,
 * DataError for a file that cannot be read or a label that the model does not know, AbortError.
 */
export async function evaluate(model: Model, options: EvaluateOptions): Promise<AnyEvaluation> {
  return (await evaluateRows(model, options)).evaluation;
}

/** An evaluation, its rows, and what the model made of each. */
export interface EvaluatedRows {
  readonly evaluation: AnyEvaluation;
  /** With all their columns if these are kept, else with those that the task reads. */
  readonly rows: readonly Row[];
  /** In the order of the rows. */
  predictions(): RowPrediction[];
}

/** Scores a model as {@link evaluate} does, and says what it made of each row. `keep`: rows have all their columns. */
export async function evaluateRows(
  model: Model,
  given: EvaluateOptions,
  { keep = false }: { readonly keep?: boolean } = {},
): Promise<EvaluatedRows> {
  checkOptions("evaluate", given, EVALUATE);
  const { options, glue } = await withGlueRows(given, model.config);
  checkSettings("evaluate: ", options, EVALUATE_SETTINGS);
  if (!model.tokenizer) throw new ConfigError("evaluate needs a tokenizer, and the model has none");
  const kind = taskKind(evaluationTask(model, options));
  if (kind.head !== model.head)
    throw new ConfigError(
      `evaluate: task ${options.task} is for the head "${kind.head}", and the model's is "${model.head}"`,
    );
  const columns = columnsOf(kind.columns, options);
  const task = kind.ofModel(model.config, options);
  const score = async (data: EvaluateOptions["data"]) => {
    const rows = await readTexts(data, { ...columns, keep }, "data", options);
    const examples = task.encode(rows, model, options.maxLength ?? model.trainedLength);
    return { rows, scores: await task.evaluate(model, examples, options) };
  };
  const scored = [await score(options.data)];
  for (const split of glue?.splits.slice(1) ?? [])
    scored.push(await score(split as unknown as EvaluateOptions["data"]));
  const [first, ...others] = scored.map(({ scores }) => reported(scores));
  const besides = glue?.metrics(model.config, [first!, ...others]);
  return {
    evaluation: { ...first!, metrics: { ...first!.metrics, ...besides } } as unknown as AnyEvaluation,
    rows: scored.flatMap(({ rows }) => rows),
    predictions: () => scored.flatMap(({ scores }) => scores.details.predictions()),
  };
}

/** What models of a head are asked. */
const BY_HEAD: Readonly<Partial<Record<HeadName, TaskName>>> = {
  "token-classification": "tag",
  "question-answering": "span",
  "multiple-choice": "choose",
};

/** What a model is asked. Errors: ConfigError for an unknown task, or a head without one. */
export function evaluationTask(model: Model, options: EvaluateOptions): TaskName {
  const { head, config, sentenceModel } = model;
  const { task } = options;
  if (task !== undefined && !TASKS.includes(task))
    throw new ConfigError(`evaluate: task is ${JSON.stringify(task)}, not one of ${TASKS.join(", ")}`);
  if (task !== undefined) return task;
  if (head === "sequence-classification") return classifierTask(config, options);
  const found = BY_HEAD[head] ?? (head === "base" && (sentenceModel || options.textPair) ? "embed" : undefined);
  if (found === undefined) throw new ConfigError(`evaluate has no task for a model with the head "${head}"`);
  return found;
}

function classifierTask(config: RoFormerConfig, { anchor, positive }: EvaluateOptions): TaskName {
  const type = problemTypeOf(config);
  if (type === "regression") return "regress";
  if (type === "single_label_classification") return "classify";
  const isRanking = anchor !== undefined || positive !== undefined;
  return isRanking && labelNames(config).length === 1 ? "pairrank" : "multilabel";
}
