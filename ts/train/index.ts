/**
 * Training, evaluation and what belongs to them.
 *
 * @module roformer/train
 */

export { type FileOptions, type Format, type ReadOptions, type Row, readRows } from "../data/rows.js";
export type { Bytes, DataSource, NamedBytes } from "../data/source.js";
export type { TableOptions } from "../data/table.js";
export { metrics } from "../metrics/index.js";
export * as schedules from "../optim/schedules.js";
export { type TokenizerKind, type TrainTokenizerOptions, trainTokenizer } from "../tokenizers/train.js";
export type { ArchitectureSettings, AttentionSettings } from "./architecture.js";
export type { CorpusOptions } from "./corpus.js";
export {
  type AnyEvaluation,
  type Evaluation,
  evaluate,
  type Measured,
  type MultiLabelEvaluation,
  type RegressionEvaluation,
} from "./evaluate.js";
export type { Columns, TextSource } from "./examples.js";
export {
  type FinetuneResult,
  finetune,
  type TrainingMetrics,
} from "./finetune.js";
export type { TrainingEvent } from "./meter.js";
export type { EvaluateOptions, FinetuneOptions, PretrainOptions, PretrainSettings } from "./options.js";
export { type LanguageMetrics, type PretrainResult, pretrain } from "./pretrain.js";
export type { LabelMetrics, MultiLabelMetrics, MultiLabelScores } from "./problems/multiLabel.js";
export type { RegressionMetrics, RegressionScores } from "./problems/regression.js";
export type { ClassifierMetrics, ClassifierScores } from "./problems/singleLabel.js";
export type { RunOptions } from "./run.js";
export type { FinetuneSettings } from "./settings.js";
export {
  type OptimizationSettings,
  type StepResult,
  type TrainBatch,
  TrainStep,
  type TrainStepOptions,
} from "./step.js";
