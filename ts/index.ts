/** Models, tokenizers and the engine: `roformer`. Training stands in `roformer/train`, parts of models in `roformer/nn`. */

export { type Diagnosis, doctor } from "./engine/doctor.js";
export { type EngineOptions, type EngineStatus, engineStatus, init } from "./engine/engine.js";
export { type MemoryReport, memory } from "./engine/memory.js";
export * from "./errors.js";
export type { FileSource, LoadProgress, SourceOptions } from "./io/files.js";
export type { Classification, ClassifyOptions } from "./models/classify.js";
export type { RoFormerConfig, RoFormerConfigInput } from "./models/config.js";
export type { Mismatch } from "./models/fit.js";
export type { ModelInputs } from "./models/inputs.js";
export type { LoadOptions } from "./models/load.js";
export {
  type CreateOptions,
  type GradientMap,
  type GradientOptions,
  type ModelOutput,
  type ParameterAccess,
  RoFormer,
} from "./models/roformer.js";
export type { SaveOptions } from "./models/save.js";
export { AdamW, type AdamWOptions } from "./nn/adamw.js";
export type { HeadName } from "./nn/heads/index.js";
export type { TensorData } from "./tensor/tensor.js";
export { Tokenizer } from "./tokenizers/tokenizer.js";
