import type { BatchStates, Model } from "../models/model.js";
import type { HeadName } from "../nn/heads/index.js";
import type { Names } from "../options.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";

/** What every pipeline takes. */
export interface PipelineOptions {
  /**
   * Tokens a text is cut to.
   * @default what the model was trained with
   */
  readonly maxLength?: number | undefined;
  /**
   * Tokens computed at once; texts of like length go together.
   * @default 4096
   */
  readonly batchTokens?: number | undefined;
  /** Ends the work between two batches with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** Hears how many texts are done. */
  readonly onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  /** @internal Names an item in errors. Default: its index. */
  readonly where?: ((index: number) => string) | undefined;
}

/** The names of {@link PipelineOptions}. */
export const PIPELINE: Names<PipelineOptions> = {
  ...{ maxLength: true, batchTokens: true, signal: true, onProgress: true, where: true },
};

/** A model as pipelines get it: with a tokenizer. */
export type ReadyModel = Model & { readonly tokenizer: Tokenizer };

/** A text's tokens. */
export interface Sequence {
  readonly ids: ArrayLike<number>;
  readonly typeIds: ArrayLike<number>;
}

/** Where a job's sequence stands in a batch. */
export interface Place {
  /** Its row among the batch's sequences. */
  readonly row: number;
  /** Its index among the job's sequences. */
  readonly index: number;
}

/** What is to be computed for one caller, ready to share batches with the jobs of others. */
export interface Job<Found, Result> {
  readonly sequences: readonly Sequence[];
  /** Number of leading sequences that progress leaves out. Default: 0. */
  readonly uncounted?: number;
  /** What a batch says of the job's sequences in it, one value for each of `places`. The other rows belong to other jobs. */
  read(states: BatchStates, places: readonly Place[]): Found[];
  /** The results, of one value for each sequence, in the order of the sequences. */
  finish(found: readonly Found[]): Result[];
}

/** What pipelines keep of a sequence. */
type Kept = object | number;

/** A job as pipelines give it: what it keeps of its sequences is its own business. */
export const job = <Found extends Kept, Result>(one: Job<Found, Result>): Job<Kept, Result> => one;

/**
 * A task that a model does for items. `Args`: what a call takes behind the items, ending with the options. It is a method of
 * models, sessions and pools by its line in `index.ts`.
 */
export interface Pipeline<Item, Args extends readonly (object | undefined)[], Result> {
  /** Heads of models that can do it. Default: every head. */
  readonly heads?: readonly HeadName[];
  /** The names of the options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Index of the options in `Args`. Default: 0. */
  readonly optionsAt?: number;
  /** Checks and encodes. Errors: ConfigError for options, DataError for items. */
  prepare(model: ReadyModel, items: readonly Item[], ...args: Args): Job<Kept, Result>;
}

/** A pipeline as a model's method: the result for one item, or the results for several, in their order. */
export type OneOrMany<Item, Args, Result> = Args extends readonly [options?: infer Options]
  ? {
      (item: Item, options?: Options): Promise<Result>;
      (items: readonly Item[], options?: Options): Promise<Result[]>;
    }
  : Args extends readonly [other: infer Other, options?: infer Options]
    ? {
        (item: Item, other: Other, options?: Options): Promise<Result>;
        (items: readonly Item[], other: Other, options?: Options): Promise<Result[]>;
      }
    : never;
