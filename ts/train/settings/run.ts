import type { FileSource } from "../../io/files.js";
import type { Names } from "../../options.js";
import type { TrainingEvent } from "../meter.js";
import type { Plan } from "../plan.js";

/** What listeners of a training run get after each evaluation. */
export interface EvaluationEvent {
  /** Number of the last step, from 1. */
  readonly step: number;
  /** Number of its epoch, from 1; undefined for runs without epochs. */
  readonly epoch?: number;
  /** The task's metrics on the held-out data. */
  readonly metrics: object;
}

/** Where any training begins, where its result goes, and who watches it. */
export interface RunOptions {
  /**
   * A model to begin with; "none" for fresh weights and a tokenizer of the run's own.
   * @default "none"; in `finetune`, in Node, the model of the package `roformer-starter-en` where that is installed, the texts are mostly
   * English and no setting asks for another architecture
   */
  readonly init?: FileSource | undefined;
  /** A folder to save the model in, with metrics and log. */
  readonly out?: string | undefined;
  /**
   * A folder for TensorBoard's event files, in Node on the engine's own thread: losses, rate, norm of the gradients, speed and
   * the metrics of each evaluation. Default: none.
   */
  readonly tensorboard?: string | undefined;
  /**
   * Where checkpoints are kept: a folder's path, in Node, or a handle, as of the origin private file system of a page.
   * @default the folder `checkpoints` in `out`
   */
  readonly checkpoints?: string | FileSystemDirectoryHandle | undefined;
  /**
   * Steps between two checkpoints, from which `resume` goes on.
   * @default by time: see `saveMinutes`
   */
  readonly saveEvery?: number | undefined;
  /**
   * Minutes between two checkpoints. Those that are written by default are removed at the end of the run.
   * @default 10, without `saveEvery`
   */
  readonly saveMinutes?: number | undefined;
  /**
   * Checkpoints that are kept, the newest ones.
   * @default 2
   */
  readonly keepCheckpoints?: number | undefined;
  /**
   * Goes on from the newest checkpoint, if there is one, as if the run had never been interrupted: bit for bit, on any number of
   * threads. Data and settings must be those of the run.
   * @default false
   */
  readonly resume?: boolean | undefined;
  /** Stops after the current step: the model is saved in `out` as it is, without an evaluation, and an AbortError thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Called before the first step with what the run is going to take. */
  readonly onPlan?: ((plan: Plan) => void) | undefined;
  /** Called after each step. */
  readonly onProgress?: ((event: TrainingEvent) => void) | undefined;
  /**
   * Called after each evaluation on held-out data. "stop" ends the training as if its steps were over; from a session's listener it
   * does not.
   */
  readonly onEvaluation?: ((event: EvaluationEvent) => unknown) | undefined;
  /** Called with lines that say what the run does. */
  readonly onMessage?: ((line: string) => void) | undefined;
}

/** What a stop does. */
export interface WhenAborted {
  /**
   * "throw" throws the AbortError, "return" returns the model as it is, if there was a step.
   * @default "throw"
   */
  readonly whenAborted?: "throw" | "return" | undefined;
}

/** The names of {@link RunOptions} and {@link WhenAborted}. */
export const RUN: Names<RunOptions & WhenAborted> = {
  ...{
    init: true,
    out: true,
    tensorboard: true,
    checkpoints: true,
    saveEvery: true,
    saveMinutes: true,
    keepCheckpoints: true,
    resume: true,
    signal: true,
    whenAborted: true,
    onPlan: true,
    onProgress: true,
    onEvaluation: true,
    onMessage: true,
  },
};
