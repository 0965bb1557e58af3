import type { Row } from "../../data/values.js";
import type { RoFormerConfig, RoFormerConfigInput } from "../../models/config.js";
import type { Model } from "../../models/model.js";
import type { HeadName, Targets } from "../../nn/heads/index.js";
import type { Packed } from "../../nn/packed.js";
import type { Philox } from "../../random/philox.js";
import type { Columns } from "../examples.js";
import type { TrainBatch } from "../step.js";

/** A row as the model takes it, and what the model should make of it: for a classifier, a class from 0. */
export interface Example<L = number> {
  readonly ids: ArrayLike<number>;
  readonly typeIds: ArrayLike<number>;
  readonly label: L;
}

/** What an evaluation took. */
export interface Measured {
  /** Names of the model's outputs, in the order of their ids. */
  readonly labels: readonly string[];
  /** Tokens computed. */
  readonly tokens: number;
  /** Seconds that it took. */
  readonly seconds: number;
}

/** Who watches an evaluation, and who may stop it. */
export interface EvaluationCall {
  /** Stops between two batches with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of texts that are done. */
  readonly onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
}

/**
 * What a training on labelled rows teaches: the loop, evaluation and the command line know nothing else about it. `L`: a row's label;
 * `E`: the scores.
 */
export interface Task<L, E, H extends HeadName = HeadName> {
  readonly head: H;
  /** Names of the model's outputs, in the order of their ids. */
  readonly labels: readonly string[];
  /** What `config.json` says about the outputs. */
  readonly fields: Partial<RoFormerConfigInput>;
  /** The task with the outputs of a saved model, if these are the same ones in any order; undefined for other outputs. */
  forModel(config: RoFormerConfig): Task<L, E, H> | undefined;
  /** Rows as ids, cut to `maxLength` tokens. Errors: DataError that names the row. */
  encode(rows: readonly Row[], columns: Columns, model: Model, maxLength: number): Example<L>[];
  /** Examples as the batch of a step. */
  batch(examples: readonly Example<L>[]): TrainBatch;
  /** The model's scores. Errors: AbortError, EngineError. */
  evaluate(model: Model, examples: readonly Example<L>[], call?: EvaluationCall): Promise<E & Measured>;
  /** Whether the first scores are better than the second: the best epoch is kept. */
  better(a: E, b: E): boolean;
  /** The scores that a line of progress shows. */
  inWords(scores: E): string;
}

/** What a training on running text teaches. */
export interface TextTask {
  readonly head: "causal-lm" | "masked-lm";
  /** Running tokens that a window takes. */
  readonly window: number;
  /** Tokens by which neighboring windows of an evaluation are apart, so that each is guessed once, for windows of `length`. */
  stride(length: number): number;
  /** Windows as a batch; what is hidden follows from `random`. */
  batch(windows: readonly Int32Array[], random: Philox): { packed: Packed; targets: Targets };
  /** Tokens of a batch that the model guesses. */
  guesses(batch: { packed: Packed; targets: Targets }): number;
}
