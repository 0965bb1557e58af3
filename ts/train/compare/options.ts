import type { AttentionName } from "../../nn/attentions/index.js";
import type { PositionName } from "../../nn/positions/index.js";
import type { Names } from "../../options.js";
import type { TrainingEvent } from "../meter.js";
import type { FinetuneOptions, PretrainOptions } from "../options.js";
import type { FinetuneSettings } from "../settings/finetune.js";
import type { EvaluationEvent, RunOptions } from "../settings/run.js";
import type { TaskName } from "../tasks/index.js";

/** Values of settings, to be tried in all combinations. */
export type SearchSettings = {
  readonly [K in Exclude<keyof FinetuneSettings, "seed" | "metric">]?: readonly NonNullable<FinetuneSettings[K]>[];
};

/** Names of the options that a comparison decides for each of its runs. */
export type DecidedOption = Exclude<
  keyof RunOptions,
  "init" | "tensorboard" | "saveEvery" | "saveMinutes" | "keepCheckpoints"
>;

/** A run of a comparison that begins, or that is finished already. */
export interface RunEvent {
  /** Its name, as that of its folder. */
  readonly name: string;
  /** Its number, from 1. */
  readonly index: number;
  /** Number of runs. */
  readonly of: number;
  /** Whether it was finished before and is taken as it is. */
  readonly isFinished: boolean;
}

/** Settings of `compare`: what its runs have in common, and what they differ in. */
export interface CompareOptions {
  /** Options of `finetune` that all runs have. */
  readonly finetune?: Omit<FinetuneOptions<TaskName>, DecidedOption> | undefined;
  /** Options of `pretrain` that all runs have, instead of those of `finetune`. */
  readonly pretrain?: Omit<PretrainOptions, DecidedOption> | undefined;
  /**
   * Every alternative is trained with each of these seeds.
   * @default the seed of the options
   */
  readonly seeds?: readonly number[] | undefined;
  /**
   * Position encodings to compare.
   * @default that of the options
   */
  readonly position?: readonly PositionName[] | undefined;
  /**
   * Attentions to compare.
   * @default that of the options
   */
  readonly attention?: readonly AttentionName[] | undefined;
  /**
   * Values of settings, of which the combination with the best validation score is named.
   * @default none
   */
  readonly search?: SearchSettings | undefined;
  /**
   * Number of folds of a cross-validation on the training rows: each fold is the test of a run that trains on the others. Rows of one text
   * are in one fold, and every class keeps its share.
   * @default no cross-validation
   */
  readonly folds?: number | undefined;
  /**
   * A folder for the runs (`runs/NAME`) and for `comparison.json`, `comparison.md` and `comparison.svg`.
   * @default nothing is saved
   */
  readonly out?: string | undefined;
  /**
   * Keeps runs in `out` that are finished with the same data and settings, goes on with one that has a checkpoint, and makes the others.
   * @default false
   */
  readonly resume?: boolean | undefined;
  /** Stops the run that is going on after its current step, and with it the comparison: an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a run begins. */
  readonly onRun?: ((event: RunEvent) => void) | undefined;
  /** Called after each step of each run. */
  readonly onProgress?: ((event: TrainingEvent) => void) | undefined;
  /** Called after each evaluation of each run. */
  readonly onEvaluation?: ((event: EvaluationEvent) => void) | undefined;
  /** Called with lines that say what the runs do. */
  readonly onMessage?: ((line: string) => void) | undefined;
}

/** The names of {@link CompareOptions}. */
export const COMPARE: Names<CompareOptions> = {
  ...{ finetune: true, pretrain: true, seeds: true, position: true, attention: true, search: true, folds: true },
  ...{ out: true, resume: true, signal: true, onRun: true, onProgress: true, onEvaluation: true, onMessage: true },
};

/** What a comparison decides for its runs: names that its options of `finetune` and `pretrain` do not have. */
export const DECIDED: Names<Pick<RunOptions, DecidedOption>> & { readonly whenAborted: unknown } = {
  ...{
    out: true,
    checkpoints: true,
    resume: true,
    signal: true,
    onPlan: true,
    onProgress: true,
    onEvaluation: true,
    onMessage: true,
    whenAborted: true,
  },
};
