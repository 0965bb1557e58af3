/**
 * Models, tokenizers and the engine. Training stands in `roformer/train`, parts of models in `roformer/nn`.
 *
 * @module roformer
 */

export { type Diagnosis, doctor } from "./engine/doctor.js";
export { type EngineOptions, type EngineStatus, engineStatus, init, type MemoryReport } from "./engine/engine.js";
export { memory } from "./engine/memory.js";
export type { WasmSource } from "./engine/wasm/source.js";
export type { Choice as EngineChoice, Variant } from "./engine/wasm/variants.js";
export * from "./errors.js";
export type { SavedDtype } from "./io/dtypes.js";
export type { FileSource, Files, LoadProgress, SourceOptions } from "./io/files.js";
export type { StoredTensor } from "./io/weights.js";
export type {
  LabelName,
  LabelNames,
  RoFormerConfig,
  RoFormerConfigInput,
  RoFormerExtension,
  RoFormerExtensionInput,
} from "./models/config.js";
export { type Conversion, convert } from "./models/convert.js";
export type { PackedStates } from "./models/encoderInputs.js";
export type { ModelFacts } from "./models/facts.js";
export type { Mismatch } from "./models/fit.js";
export type { ModelInputs, Rows } from "./models/inputs.js";
export { type InspectedTensor, type InspectedTokenizer, type Inspection, inspect } from "./models/inspect.js";
export type {
  ConvertOptions,
  CreateOptions,
  ForwardOptions,
  GradientMap,
  GradientOptions,
  LossAndGradients,
  MaskOptions,
  ParameterAccess,
  PartGradientOptions,
  SignalOptions,
} from "./models/interface.js";
export type { LoadOptions } from "./models/load.js";
export type { LoraBias, LoraSettings } from "./models/lora/settings.js";
export type { BatchStates, Model } from "./models/model.js";
export type {
  AnswerInputs,
  BaseOutput,
  EncoderOutput,
  GradientInputsByHead,
  LabelledInputs,
  LanguageModelOutput,
  ModelOutput,
  MultipleChoiceOutput,
  OutputOf,
  OutputsByHead,
  QuestionAnsweringOutput,
  SequenceClassifierOutput,
  TokenClassifierOutput,
} from "./models/outputs.js";
export type { PassOptions } from "./models/pass.js";
export type { SaveOptions } from "./models/save.js";
export type { SentenceSettings } from "./models/sentences/settings.js";
export type { HeadName } from "./nn/heads/index.js";
export { AdamW, type AdamWOptions } from "./optim/adamw.js";
export type {
  Optimizer,
  OptimizerState as AdamWState,
  OptimizerState,
  OptimizerStep as AdamWStep,
  OptimizerStep,
  StateTensor,
  StepOptions as AdamWStepOptions,
  StepOptions as OptimizerStepOptions,
  Trainable,
} from "./optim/optimizer.js";
export type { Answer, AnswerOptions, Question } from "./pipelines/answer.js";
export type { Choice, ChoiceQuestion } from "./pipelines/choose.js";
export type { Classification, ClassifyOptions } from "./pipelines/classify.js";
export type { EmbedOptions, Pooling } from "./pipelines/embed.js";
export type { FillMaskOptions, MaskGuess } from "./pipelines/fillMask.js";
export type { FunctionToApply } from "./pipelines/functionToApply.js";
export type { PipelineMethods } from "./pipelines/index.js";
export type { OneOrMany, PipelineOptions } from "./pipelines/pipeline.js";
export type { PromptOptions } from "./pipelines/prompts.js";
export type { SearchHit, SearchOptions, SimilarityFnName } from "./pipelines/search.js";
export type { Aggregation, TagTokensOptions, TokenTag } from "./pipelines/tagTokens.js";
export { RoFormer } from "./roformer.js";
export type { TensorData } from "./tensor/tensor.js";
export type {
  BatchOptions,
  DecodeOptions,
  EncodeBatchOptions,
  EncodeOptions,
  Truncation,
} from "./tokenizers/options.js";
export type { Role, SpecialTokens } from "./tokenizers/specials.js";
export { type EncodedBatch, type Encoding, Tokenizer } from "./tokenizers/tokenizer.js";
