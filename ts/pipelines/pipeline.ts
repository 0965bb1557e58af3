import type { BatchStates, Model } from "../models/model.js";
import type { HeadName } from "../nn/heads/index.js";
import type { Names } from "../options.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";

/** Options of every pipeline. */
export interface PipelineOptions {
  /**
   * Maximum tokens of a text; longer texts are truncated.
   * @default the model's training length
   */
  readonly maxLength?: number | undefined;
  /**
   * Tokens computed at once; texts of similar length are batched together.
   * @default 4096
   */
  readonly batchTokens?: number | undefined;
  /** Aborts between two batches with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of finished texts. */
  readonly onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  /** @internal Names an item in errors. Default: its index. */
  readonly where?: ((index: number) => string) | undefined;
}

/** The names of {@link PipelineOptions}. */
export const PIPELINE: Names<PipelineOptions> = {
  ...{ maxLength: true, batchTokens: true, signal: true, onProgress: true, where: true },
};

/** A model with a tokenizer. */
export type ReadyModel = Model & { readonly tokenizer: Tokenizer };

/** A text's tokens. */
export interface Sequence {
  readonly ids: ArrayLike<number>;
  readonly typeIds: ArrayLike<number>;
}

/** The place of a job's sequence in a batch. */
export interface Place {
  /** Its row among the batch's sequences. */
  readonly row: number;
  /** Its index among the job's sequences. */
  readonly index: number;
}

/** The sequences to compute for one caller; batches may combine the jobs of several. */
export interface Job<Found, Result> {
  readonly sequences: readonly Sequence[];
  /** Number of leading sequences that do not count as progress. Default: 0. */
  readonly uncounted?: number;
  /** Reads the job's sequences of a batch: one value for each of `places`. The other rows belong to other jobs. */
  read(states: BatchStates, places: readonly Place[]): Found[];
  /** Makes the results from one value per sequence, in order. */
  finish(found: readonly Found[]): Result[];
}

/** What pipelines keep of a sequence. */
type Kept = object | number;

/** A job with values of any type. */
export const job = <Found extends Kept, Result>(one: Job<Found, Result>): Job<Kept, Result> => one;

/**
 * A task of a model. `Args`: the arguments after the items; the last one is the options. A line in `index.ts` makes it a method of
 * models, sessions and pools.
 */
export interface Pipeline<Item, Args extends readonly (object | undefined)[], Result> {
  /** Heads that support it. Default: all. */
  readonly heads?: readonly HeadName[];
  /** The names of the options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Index of the options in `Args`. Default: 0. */
  readonly optionsAt?: number;
  /** Checks and encodes. Errors: ConfigError for options, DataError for items. */
  prepare(model: ReadyModel, items: readonly Item[], ...args: Args): Job<Kept, Result>;
}

/** A pipeline as a method: returns the result for one item, or the results for several, in order. */
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
