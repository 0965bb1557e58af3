/**
 * Training, evaluation and what belongs to them.
 *
 * @module roformer/train
 */

export type { Format } from "../data/format.js";
export {
  type GlueColumns,
  type GlueFile,
  type GlueMetric,
  type GlueName,
  type GlueSplit,
  type GlueTask,
  glueTask,
} from "../data/glue.js";
export { type GlueReadOptions, type GlueRows, readGlue } from "../data/glueRows.js";
export { type GlueSubmission, glueScores, glueSubmission, saveGlueSubmission } from "../data/glueScores.js";
export { type ParallelFiles, type ParallelOptions, readParallel } from "../data/parallel.js";
export { type FileOptions, type ReadOptions, type Row, readRows } from "../data/rows.js";
export type { Bytes, DataSource, NamedBytes } from "../data/source.js";
export type { TableOptions } from "../data/table.js";
export { metrics } from "../metrics/index.js";
export type { Moments } from "../metrics/moments.js";
export type { OwnLoss } from "../models/model.js";
export * as schedules from "../optim/schedules.js";
export { type TokenizerKind, type TrainTokenizerOptions, trainTokenizer } from "../tokenizers/train.js";
export type { BagOfWordsMetrics } from "./baseline.js";
export { compare } from "./compare/compare.js";
export type { CompareOptions, DecidedOption, RunEvent, SearchSettings } from "./compare/options.js";
export type { ComparedRun, CurvePoint } from "./compare/run.js";
export type { AlternativeScores, BestSettings, Comparison, Difference, PooledScores } from "./compare/summary.js";
export type { TrainingMetrics } from "./course.js";
export type { DistillOptions } from "./distill/options.js";
export {
  type DistillMetrics,
  type DistillResult,
  distill,
  type StoppedDistillResult,
  type StudentSizes,
} from "./distill.js";
export { type AnyEvaluation, type Evaluation, evaluate, type GlueEvaluation } from "./evaluate.js";
export type { TextSource } from "./examples.js";
export {
  type BagOfWordsScores,
  type FinetuneResult,
  finetune,
  type ScoredPart,
  type StoppedResult,
} from "./finetune.js";
export type { GlueMetrics, OfficialScores } from "./glueScores.js";
export type { TrainingEvent } from "./meter.js";
export type { EvaluateOptions, FinetuneOptions, PretrainOptions } from "./options.js";
export type { Plan } from "./plan.js";
export {
  type HeldOut,
  type LanguageModelHead,
  type PretrainResult,
  pretrain,
  type StoppedPretrainResult,
} from "./pretrain.js";
export type { Fold, Part, RunRecord, Split } from "./record.js";
export type { Reported, ScoreInterval, WithInterval } from "./reported.js";
export type { ArchitectureSettings, AttentionSettings } from "./settings/architecture.js";
export type { DistillLoss, DistillSettings } from "./settings/distill.js";
export type { FinetuneSettings } from "./settings/finetune.js";
export type { OptimizationSettings } from "./settings/optimization.js";
export type { PretrainSettings } from "./settings/pretrain.js";
export type { EvaluationEvent, RunOptions, WhenAborted } from "./settings/run.js";
export type { Stage } from "./settings/stages.js";
export { type StepResult, type TrainBatch, TrainStep, type TrainStepOptions } from "./step.js";
export type { CalibrationMetrics } from "./tasks/calibration.js";
export type { ChoiceMetrics, ChoiceScores } from "./tasks/choose.js";
export type { ClassifierMetrics, ClassifierScores } from "./tasks/classify.js";
export type { TaskColumns } from "./tasks/columns.js";
export type { EmbeddingMetrics, EmbeddingScores } from "./tasks/embed.js";
export type { HeadOf, ScoresOf, TaskName, TaskType, TaskTypes } from "./tasks/index.js";
export type { LabelMetrics, MultiLabelMetrics, MultiLabelScores } from "./tasks/multilabel.js";
export type { RankMetrics, RankScores } from "./tasks/pairrank.js";
export type { RegressionMetrics, RegressionScores } from "./tasks/regress.js";
export type { SpanMetrics, SpanScores } from "./tasks/span.js";
export type { TagMetrics, TagScores } from "./tasks/tag.js";
export type { EvaluationCall, Measured, Scores } from "./tasks/task.js";
export { type TensorBoard, tensorBoard } from "./tensorboard/index.js";
export type { SampleBy } from "./text/documents.js";
export type { LanguageMetrics } from "./text/metrics.js";
export type { CorpusOptions } from "./text/options.js";
