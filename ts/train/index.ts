/**
 * Training, evaluation and what belongs to them.
 *
 * @module roformer/train
 */

export { type Format, type ReadOptions, type Row, readRows } from "../data/rows.js";
export type { Bytes, DataSource, NamedBytes } from "../data/source.js";
export { metrics } from "../metrics/index.js";
export { type TokenizerKind, type TrainTokenizerOptions, trainTokenizer } from "../tokenizers/train.js";
export type { ArchitectureSettings, AttentionSettings } from "./architecture.js";
export type { CorpusOptions } from "./corpus.js";
export { type ClassifierMetrics, type EvaluateOptions, type Evaluation, evaluate } from "./evaluate.js";
export type { Columns, TextSource } from "./examples.js";
export {
  type FinetuneOptions,
  type FinetuneResult,
  finetune,
  type TrainingMetrics,
} from "./finetune.js";
export type { TrainingEvent } from "./meter.js";
export { type LanguageMetrics, type PretrainOptions, type PretrainResult, pretrain } from "./pretrain.js";
export type { PretrainSettings } from "./pretrainModel.js";
export type { RunOptions } from "./run.js";
export * as schedules from "./schedules.js";
export type { FinetuneSettings } from "./settings.js";
export {
  type OptimizationSettings,
  type StepResult,
  type TrainBatch,
  Trainer,
  type TrainerOptions,
} from "./trainer.js";
