/**
 * Tensors, differentiable functions, layers and registries, for those who build models.
 *
 * @module roformer/nn
 */
export { checkpoint } from "../autograd/checkpoint.js";
export {
  type Backward,
  isTracked,
  noGrad,
  type OpGradients,
  record,
  type ValueAndGradients,
  valueAndGradients,
} from "../autograd/tape.js";
export { type ActivationName, activation } from "../ops/activation.js";
export { type AttentionOptions, attention, type BatchAttentionOptions } from "../ops/attention.js";
export { AttentionBatch, type AttentionBatchOptions, attentionBatch } from "../ops/attentionBatch.js";
export { type CrossEntropyOptions, crossEntropy, IGNORED, linearCrossEntropy } from "../ops/crossEntropy.js";
export { type DropoutDraw, dropout } from "../ops/dropout.js";
export { embedding, gatherRows } from "../ops/embedding.js";
export { type FeatureMapName, type FeatureMapOptions, featureMap } from "../ops/featureMap.js";
export { linear, linearParts, type MatmulOptions, matmul } from "../ops/gemm.js";
export { type LayerNormOptions, layerNorm } from "../ops/layerNorm.js";
export {
  type BatchLinearAttentionOptions,
  type LinearAttentionOptions,
  type LinearFactors,
  LinearState,
  linearAttention,
  linearStep,
} from "../ops/linearAttention.js";
export { binaryCrossEntropy, squaredError } from "../ops/losses.js";
export { add, meanRows, mul, reshape, scale, sum } from "../ops/reduce.js";
export { type RotaryTable, rope } from "../ops/rope.js";
export { AdamW, type AdamWOptions } from "../optim/adamw.js";
export type {
  Optimizer,
  OptimizerState as AdamWState,
  OptimizerState,
  OptimizerStep as AdamWStep,
  OptimizerStep,
  ParameterBuffers,
  Place,
  StateTensor,
  StepOptions as AdamWStepOptions,
  StepOptions as OptimizerStepOptions,
  Trainable,
} from "../optim/optimizer.js";
export { type JoinedParameter, Parameter } from "../tensor/parameter.js";
export { scope } from "../tensor/scope.js";
export { empty, integers, Tensor, type TensorData, tensor, zeros } from "../tensor/tensor.js";
export {
  type Attention,
  type AttentionCall,
  type AttentionFactory,
  type AttentionFields,
  type AttentionName,
  type AttentionOptions as LayerAttentionOptions,
  type AttentionSettings,
  attentions,
  type Mask,
  type Recurrent,
  type Rotation,
} from "./attentions/index.js";
export { CrossAttention, type EncoderStates } from "./blocks/crossAttention.js";
export { EncoderLayer } from "./blocks/layer.js";
export type {
  AttentionNames,
  CrossAttentionNames,
  FeedForwardNames,
  LayerNames,
  LayerOptions,
} from "./blocks/options.js";
export { SelfAttention } from "./blocks/selfAttention.js";
export { type ConvertedRope, type ConvertRopeOptions, convertRope, type RopeOrder } from "./convertRope.js";
export { type GradcheckOptions, type GradcheckResult, gradcheck } from "./gradcheck.js";
export {
  type Head,
  type HeadFactory,
  type HeadName,
  type HeadNames,
  type HeadOptions,
  type HeadOutput,
  heads,
  type LanguageModelNames,
  type ProblemType,
  type ScorerFactory,
  type Spans,
  type Targets,
  type TokenScorerFactory,
} from "./heads/index.js";
export type { SummaryOptions, SummaryType } from "./heads/summary.js";
export type { ConstantInit, Draw, Init, NormalInit, UniformInit } from "./inits.js";
export { LayerNorm } from "./layerNorm.js";
export { JoinedLinear, type JoinedLinearOptions, Linear, type PartNames } from "./linear.js";
export type { Adapter, LinearModule } from "./linearModule.js";
export { type Packed, PackedBatch, pack, SequenceBatch, type Sequences } from "./packed.js";
export { type AllocateOptions, ParameterScope, ParameterStore } from "./parameters.js";
export { type Position, type PositionName, type PositionOptions, positions } from "./positions/index.js";
export type {
  DefaultRope,
  DynamicRope,
  LinearRope,
  Llama3Rope,
  LongRope,
  ProportionalRope,
  RopeBase,
  RopeParameters,
  RopeParametersByType,
  RopeParametersInput,
  RopeType,
  UnnamedRope,
  YarnRope,
} from "./ropeParameters.js";
export type { RopeFrequencies } from "./ropeScaling.js";
export { type RopeTable, type RopeTableOptions, ropeTable } from "./ropeTable.js";
export { type RowCounts, type TrainingStep, training } from "./training.js";
