import type { EpochLosses } from "./reading.js";
import type { ResolvedOptimization } from "./settings/optimization.js";
import type { TrainBatch } from "./step.js";

/** What a run teaches a model, step by step, and how it is scored. `S`: the scores. */
export interface Course<S> {
  /** Steps in which all training data is seen once; undefined where batches are drawn from anywhere. */
  readonly perEpoch?: number | undefined;
  /** The batch of a step, from 0, in one or several micro-batches. It follows from the seed and the step alone. */
  batch(step: number): readonly TrainBatch[] | Promise<readonly TrainBatch[]>;
  /** For a plan of the run; without it there is none. */
  readonly probe?: Probe | undefined;
  /** Scores of the model as it is, on held-out data. Errors: AbortError. */
  evaluate(signal: AbortSignal | undefined): Promise<S>;
  /** Whether the first figures are better than the second; without it, the last step's model is the result. */
  better?(a: object, b: object): boolean;
  /** What the log says about an evaluation: numbers, texts, and lists and objects of them. */
  figures(scores: S): object;
  /** What a line of progress says about it. */
  inWords(scores: S): string;
}

/** What a plan looks at before the first step. */
export interface Probe {
  /** Tokens of a step, and of its largest micro-batch. */
  tokens(step: number): { readonly tokens: number; readonly micro: number };
  /** A part of the largest micro-batch of a step: a share of its rows, at least one. */
  batch(step: number, share: number): TrainBatch;
  /** Tokens that an evaluation computes at once, at most. */
  readonly evaluationTokens: number;
}

/** How long a run is, and how often it is scored. */
export interface LoopSettings extends ResolvedOptimization {
  /** Rows of a micro-batch. */
  readonly batch: number;
  readonly steps: number;
  /** Steps between two evaluations; there is one after the last step too. */
  readonly evalEvery: number;
  /** Evaluations without a better one after which the run ends. Default: it does not end early. */
  readonly patience?: number | undefined;
}

/** How a training run went. */
export interface TrainingMetrics {
  /** Steps made. */
  readonly steps: number;
  /** The step whose evaluation was the best one: the model is that of this step. */
  readonly bestStep?: number;
  /** Times the training texts were seen: a fraction where the training ended within an epoch. */
  readonly epochs: number;
  /** Seconds that the training took, evaluations included. */
  readonly seconds: number;
  /** Tokens trained on per second, without evaluations. */
  readonly tokensPerSecond: number;
  /** Numbers that were trained. */
  readonly parameters: number;
}

/** What the loop leaves beside the trained model. */
export interface Trained<S> {
  readonly training: Omit<TrainingMetrics, "epochs"> & { readonly epochs?: number };
  /** Scores of the model as it is; undefined for a run that was stopped. */
  readonly scores: S | undefined;
  /** Why an evaluation failed, which ended the run: the model is as it was after the last step. */
  readonly failure?: unknown;
  /** A line of JSON for each step and each evaluation. */
  readonly log: readonly string[];
  /** Losses at each evaluation; epochs are steps where the run has none. */
  readonly history: readonly EpochLosses[];
}
