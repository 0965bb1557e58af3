import { init } from "../engine/engine.js";
import { checkOptions } from "../options.js";
import type { RoFormer } from "../roformer.js";
import type { Evaluation } from "./evaluate.js";
import type { TrainingMetrics } from "./loop.js";
import { FINETUNE, type FinetuneOptions } from "./options.js";
import { prepare } from "./prepare.js";
import { checkRun, run } from "./run.js";
import type { WhenAborted } from "./settings/run.js";
import type { ClassifierMetrics } from "./tasks/classify.js";

/** What {@link finetune} returns: a model that the caller closes, and how good it is. */
export interface FinetuneResult {
  /** The model as it was after its best epoch; the caller closes it. */
  readonly model: RoFormer<"sequence-classification">;
  /** Scores on the test texts if there are any, else on the validation texts; and how the training went. */
  readonly metrics: ClassifierMetrics & TrainingMetrics;
  /** What the metrics were made from. */
  readonly evaluation: Evaluation;
}

/** What {@link finetune} returns for a run that was stopped, with `whenAborted: "return"`: nothing was evaluated. */
export interface StoppedResult {
  /** The model as it is; the caller closes it. */
  readonly model: RoFormer<"sequence-classification">;
  /** How the training went. */
  readonly metrics: TrainingMetrics;
  /** Nothing. */
  readonly evaluation?: undefined;
}

/**
 * Trains a text classifier, from fresh weights or from a saved model's: AdamW, a learning rate that rises linearly and falls to 0. The
 * result is the model of the epoch with the best validation scores. The same options give the same model, bit for bit.
 *
 * @example
 * ```ts
 * const { model, metrics } = await finetune({ train: "train.csv", text: "body", label: "spam", epochs: 3 });
 * console.log(metrics.accuracy, await model.classify("You have won a prize"));
 * ```
 * @throws ConfigError for a wrong setting, DataError that names file and line, CheckpointError before the training if `out` cannot be
 * written, UnsavedError with the model after it, EngineError for a loss that is not a number or where there is no memory, AbortError.
 */
export async function finetune(options: FinetuneOptions): Promise<FinetuneResult>;
export async function finetune(options: FinetuneOptions & WhenAborted): Promise<FinetuneResult | StoppedResult>;
export async function finetune(options: FinetuneOptions & WhenAborted): Promise<FinetuneResult | StoppedResult> {
  checkOptions("finetune", options, FINETUNE);
  await init();
  await checkRun(options);
  return run<"sequence-classification", Evaluation, FinetuneResult | StoppedResult>(
    await prepare(options),
    options,
    ({ model, scores, training }) => {
      const { steps, epochs = 0, seconds, tokensPerSecond, parameters } = training;
      const how = { steps, epochs, seconds, tokensPerSecond, parameters };
      return scores ? { model, metrics: { ...scores.metrics, ...how }, evaluation: scores } : { model, metrics: how };
    },
  );
}
