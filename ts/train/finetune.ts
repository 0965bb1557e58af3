import { init } from "../engine/engine.js";
import type { RoFormerConfig } from "../models/config.js";
import type { HeadName } from "../nn/heads/index.js";
import { checkOptions } from "../options.js";
import type { RoFormer } from "../roformer.js";
import type { BagOfWordsMetrics } from "./baseline.js";
import type { TrainingMetrics } from "./course.js";
import type { Evaluation } from "./evaluate.js";
import { type WithGlueData, withGlue } from "./glue.js";
import type { GlueMetrics } from "./glueScores.js";
import { notesOn } from "./notes.js";
import { FINETUNE, type FinetuneOptions } from "./options.js";
import { type FinetuneScores, type PreparedFinetune, prepare } from "./prepare.js";
import type { Fold, Part, RunRecord } from "./record.js";
import { type Reported, reported } from "./reported.js";
import { checkRun, type Outcome, run } from "./run.js";
import type { WhenAborted } from "./settings/run.js";
import type { ClassifierScores } from "./tasks/classify.js";
import type { HeadOf, ScoresOf, TaskName } from "./tasks/index.js";
import type { Measured } from "./tasks/task.js";

/** Scores of a bag of words. */
export interface BagOfWordsScores extends BagOfWordsMetrics {
  /** Those on the validation rows, beside those on test rows. */
  readonly validation?: BagOfWordsMetrics;
}

/** Which rows the scores of a fine-tuned model were made on, and what they compare with. */
export interface ScoredPart {
  /** "test", or "validation": the rows that chose the best epoch. */
  readonly part: Part;
  /** "validation", where these rows chose the thresholds of the labels (`threshold: "auto"`). */
  readonly thresholdFrom?: Part | undefined;
  /** Scores of a bag of words on these rows, for `classify`; of test rows, on the validation rows too. */
  readonly bagOfWords?: BagOfWordsScores | undefined;
}

/** What {@link finetune} returns: a model that the caller closes, and how good it is. */
export interface FinetuneResult<T extends TaskName = "classify"> {
  /** The model as it was after its best epoch; the caller closes it. */
  readonly model: RoFormer<HeadOf<T>>;
  /** Scores on the test texts if there are any, else on the validation texts; how the training went; with which settings. */
  readonly metrics: Reported<ScoresOf<T>>["metrics"] & GlueMetrics & ScoredPart & TrainingMetrics & RunRecord;
  /** What the metrics were made from. */
  readonly evaluation: Evaluation<T> & ScoredPart;
  /** What somebody should know before they trust a classifier's scores: short sentences, none where nothing stands out. */
  readonly notes: readonly string[];
}

/** What {@link finetune} returns for a run that was stopped, with `whenAborted: "return"`: nothing was evaluated. */
export interface StoppedResult<T extends TaskName = "classify"> {
  /** The model as it is; the caller closes it. */
  readonly model: RoFormer<HeadOf<T>>;
  /** How the training went, and with which settings. */
  readonly metrics: TrainingMetrics & RunRecord;
  /** Nothing. */
  readonly evaluation?: undefined;
}

/**
 * Trains a model on labeled rows, from fresh weights or from a saved model's: AdamW, a learning rate that rises linearly and falls to 0. The
 * result is the model of the epoch with the best validation scores. The same options give the same model, bit for bit.
 *
 * `task` says what is trained. Without it, columns, format and labels do, and `onMessage` is called with what they say; name it to have
 * the types of its scores.
 *
 * @example
 * ```ts
 * const { model, metrics } = await finetune({ train: "train.csv", text: "body", label: "spam", epochs: 3 });
 * console.log(metrics.accuracy, await model.classify("You have won a prize"));
 * ```
 * @throws ConfigError for a wrong setting, DataError that names file and line, CheckpointError before the training if `out` cannot be
 * written, UnsavedError with the model after it, EngineError for a loss that is not a number or where there is no memory, AbortError.
 */
export async function finetune<T extends TaskName = "classify">(
  options: FinetuneOptions<T>,
): Promise<FinetuneResult<T>>;
export async function finetune<T extends TaskName = "classify">(
  options: FinetuneOptions<T> & WhenAborted,
): Promise<FinetuneResult<T> | StoppedResult<T>>;
export async function finetune<T extends TaskName>(
  options: FinetuneOptions<T> & WhenAborted,
): Promise<FinetuneResult<T> | StoppedResult<T>> {
  const result = await finetuneFold(options);
  return result as unknown as FinetuneResult<T> | StoppedResult<T>;
}

/** What final scores were made of, so that rows of several models can be scored together. JSON holds it. */
export interface Judged {
  readonly task: TaskName;
  /** The model's configuration, which names its outputs. */
  readonly config: RoFormerConfig;
  /** What the task judged of each row. */
  readonly rows: readonly unknown[];
}

/** What a run of a cross-validation is beside its options. */
export interface FoldCall {
  /** The fold that is the test; without it, the test rows of the options are. */
  readonly fold?: Fold | undefined;
  /** Called with what the final scores were made of. */
  readonly onJudged?: (judged: Judged) => void;
}

/** {@link finetune} of any task, also without a fold of its training rows. Errors: those of `finetune`. */
export async function finetuneFold(
  options: FinetuneOptions<TaskName> & WhenAborted,
  { fold, onJudged }: FoldCall = {},
): Promise<FinetuneResult<TaskName> | StoppedResult<TaskName>> {
  checkOptions("finetune", options, FINETUNE);
  await init();
  await checkRun(options);
  const asked = await withGlue(options);
  const prepared = await prepare(asked as WithGlueData<FinetuneOptions<TaskName>>, fold);
  const result = await run(prepared, { ...options, init: prepared.init }, (outcome) => {
    const { model, scores } = outcome;
    if (scores) onJudged?.({ task: prepared.task, config: model.config, rows: scores.details.judged() });
    return resultOf(prepared, outcome, asked);
  });
  return result as unknown as FinetuneResult<TaskName> | StoppedResult<TaskName>;
}

type AnyOutcome = Outcome<HeadName, FinetuneScores>;

function resultOf(
  prepared: PreparedFinetune,
  outcome: AnyOutcome,
  { options: { threshold }, glue }: WithGlueData<FinetuneOptions<TaskName>>,
) {
  const { model, scores, part } = outcome;
  const { steps, bestStep, epochs = 0, seconds, tokensPerSecond, parameters } = outcome.training;
  const how = {
    steps,
    ...(bestStep !== undefined && { bestStep }),
    epochs,
    seconds,
    tokensPerSecond,
    parameters,
    ...prepared.record,
  };
  if (!scores) return { model, metrics: how };
  const { validation, [part]: bag } = prepared.bags;
  const bagOfWords = bag && { ...bag, ...(part === "test" && validation && { validation }) };
  const tuned = threshold === "auto" ? { thresholdFrom: "validation" as const } : {};
  const scored = { part, ...tuned, ...(bagOfWords && { bagOfWords }) };
  const { others = [], ...first } = scores;
  const own = reported(first);
  const metrics = { ...own.metrics, ...glue?.metrics(model.config, [own, ...others.map(reported)]) };
  const evaluation = { ...own, metrics, ...scored };
  const notes =
    prepared.task === "classify"
      ? notesOn(evaluation as unknown as ClassifierScores & Measured, {
          ...{ part, history: outcome.history, isPretrained: prepared.init !== undefined, baseline: bagOfWords },
        })
      : [];
  return { model, metrics: { ...evaluation.metrics, ...scored, ...how }, evaluation, notes };
}
