/** Training, evaluation and what belongs to them: `roformer/train`. */
export { metrics } from "../metrics/index.js";
export { type TrainTokenizerOptions, trainTokenizer } from "../tokenizers/train.js";
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
export * as schedules from "./schedules.js";
export type { FinetuneSettings } from "./settings.js";
export { type StepResult, type TrainBatch, Trainer, type TrainerOptions } from "./trainer.js";
