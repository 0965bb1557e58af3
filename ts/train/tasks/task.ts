import type { Row } from "../../data/values.js";
import type { RoFormerConfig, RoFormerConfigInput } from "../../models/config.js";
import type { Model } from "../../models/model.js";
import type { HeadName, Targets } from "../../nn/heads/index.js";
import type { Packed } from "../../nn/packed.js";
import type { Sequence } from "../../pipelines/pipeline.js";
import type { Philox } from "../../random/philox.js";
import type { RoFormer } from "../../roformer.js";
import type { LossSettings } from "../settings/loss.js";
import type { TrainBatch } from "../step.js";
import type { Fitted } from "./calibration.js";
import type { ColumnNames, TaskColumns } from "./columns.js";
import type { Detailed } from "./details.js";

/** A row as the model takes it, and what the model should make of it. */
export interface Example<L = unknown> {
  /** One; or the choices of a question, the pairs or texts of a triplet, the windows of a text. */
  readonly sequences: readonly Sequence[];
  readonly label: L;
}

/** Scores of any task, as one flat object with some lists. */
export interface Scores {
  /** What was asked of the model. */
  readonly problem: string;
  /** The metrics. */
  readonly metrics: object;
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

/** Labels that can have thresholds, and how these are chosen. */
interface Thresholds<L> {
  /** Their names. */
  readonly labels: readonly string[];
  /** The thresholds that have the best F1 of each label on examples. Errors: AbortError, EngineError. */
  tune(model: Model, examples: readonly Example<L>[], call?: EvaluationCall): Promise<Record<string, number>>;
}

/**
 * What a training on labeled rows teaches: the loop, evaluation and the command line know nothing else about it. `L`: a row's label;
 * `E`: the scores.
 */
export interface Task<L, E extends Scores, H extends HeadName = HeadName> {
  readonly head: H;
  /** Names of the model's outputs, in the order of their ids; none where outputs are no labels. */
  readonly labels: readonly string[];
  /** What `config.json` says about the outputs. */
  readonly fields: Partial<RoFormerConfigInput>;
  /** The metric that says which of two evaluations is better. */
  readonly metric: string;
  /** Lines that say why, where that is not the usual metric of the task. */
  readonly whyMetric?: readonly string[] | undefined;
  /** The labels that can have thresholds; undefined for tasks without. */
  readonly thresholds?: Thresholds<L> | undefined;
  /** The task with the outputs of a saved model, if these are the same ones in any order; undefined for other outputs. */
  forModel(config: RoFormerConfig): Task<L, E, H> | undefined;
  /** What the model is before it is trained, where that is more than its head: it takes the place of the one that was made. */
  adopt?(model: RoFormer<H>): RoFormer<H>;
  /** Texts of a row: a vocabulary is trained on them, and rows of the same first text stay in one part of a split. */
  texts(row: Row): readonly string[];
  /** The texts of each sequence that a row is computed as, one or a pair, where that is not its texts in one sequence. */
  sequences?(row: Row): readonly (readonly string[])[];
  /** What each part of a split has the same shares of. */
  stratum(row: Row): string;
  /** Rows as ids, cut to `maxLength` tokens. Errors: DataError that names the row. */
  encode(rows: readonly Row[], model: Model, maxLength: number): Example<L>[];
  /** Examples as the batch of a step. */
  batch(examples: readonly Example<L>[]): TrainBatch;
  /** The temperature that calibrates the probabilities of a model's labels on examples; undefined for tasks without. Errors: AbortError, EngineError. */
  readonly temperature?:
    | ((model: Model, examples: readonly Example<L>[], call?: EvaluationCall) => Promise<Fitted>)
    | undefined;
  /** The model's scores. `temperature`: what its logits have been divided by. Errors: AbortError, EngineError. */
  evaluate(
    model: Model,
    examples: readonly Example<L>[],
    call?: EvaluationCall,
    temperature?: number,
  ): Promise<Detailed<E> & Measured>;
  /** The metrics of what evaluations have `judged`, of several models too. */
  pooled(judged: readonly unknown[]): object;
  /** The scores that a line of progress shows. */
  inWords(scores: E): string;
}

/** A kind of task: what makes a {@link Task} of rows, or of a saved model. */
export interface TaskKind<L, E extends Scores, H extends HeadName = HeadName> {
  readonly head: H;
  readonly columns: ColumnNames;
  /** The task that training rows ask for. `isSplit`: a part of the rows is going to be held out. Errors: DataError. */
  learn(rows: readonly Row[], options: TaskColumns & LossSettings, isSplit: boolean): Task<L, E, H>;
  /** The task that a saved model was trained for. Errors: ConfigError for a model of another kind. */
  ofModel(config: RoFormerConfig, options: TaskColumns & { readonly threshold?: number | undefined }): Task<L, E, H>;
}

/** Consecutive tokens of running text. */
export interface TextWindow {
  readonly ids: Int32Array;
  /** Whether each token continues a word; undefined where nothing depends on words. */
  readonly continues?: ((at: number) => boolean) | undefined;
}

/** What a training on running text teaches. */
export interface TextTask {
  readonly head: "causal-lm" | "masked-lm";
  /** Running tokens that a window takes. */
  readonly window: number;
  /** Tokens of which something can be learned, at least. */
  readonly least: number;
  /** Tokens by which neighboring windows of an evaluation are apart, so that each is guessed once, for windows of `length`. */
  stride(length: number): number;
  /** Windows as a batch; what is hidden follows from `random`. */
  batch(windows: readonly TextWindow[], random: Philox): { packed: Packed; targets: Targets };
  /** Tokens of a batch that the model guesses. */
  guesses(batch: { packed: Packed; targets: Targets }): number;
}
