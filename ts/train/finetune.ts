import { init } from "../engine/engine.js";
import { checkOptions } from "../options.js";
import type { RoFormer } from "../roformer.js";
import { withGlue } from "./glue.js";
import type { TrainingMetrics } from "./loop.js";
import { FINETUNE, type FinetuneOptions } from "./options.js";
import { prepare } from "./prepare.js";
import { checkRun, run } from "./run.js";
import type { WhenAborted } from "./settings/run.js";
import type { HeadOf, ScoresOf, TaskName } from "./tasks/index.js";
import type { Measured } from "./tasks/task.js";

/** What {@link finetune} returns: a model that the caller closes, and how good it is. */
export interface FinetuneResult<T extends TaskName = "classify"> {
  /** The model as it was after its best epoch; the caller closes it. */
  readonly model: RoFormer<HeadOf<T>>;
  /** Scores on the test texts if there are any, else on the validation texts; and how the training went. */
  readonly metrics: ScoresOf<T>["metrics"] & TrainingMetrics;
  /** What the metrics were made from. */
  readonly evaluation: ScoresOf<T> & Measured;
}

/** What {@link finetune} returns for a run that was stopped, with `whenAborted: "return"`: nothing was evaluated. */
export interface StoppedResult<T extends TaskName = "classify"> {
  /** The model as it is; the caller closes it. */
  readonly model: RoFormer<HeadOf<T>>;
  /** How the training went. */
  readonly metrics: TrainingMetrics;
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
  checkOptions("finetune", options, FINETUNE);
  await init();
  await checkRun(options);
  const result = await run(await prepare(await withGlue(options)), options, ({ model, scores, training }) => {
    const { steps, epochs = 0, seconds, tokensPerSecond, parameters } = training;
    const how = { steps, epochs, seconds, tokensPerSecond, parameters };
    return scores ? { model, metrics: { ...scores.metrics, ...how }, evaluation: scores } : { model, metrics: how };
  });
  return result as unknown as FinetuneResult<T> | StoppedResult<T>;
}
