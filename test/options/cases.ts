import * as main from "../../ts/index.js";
import * as nn from "../../ts/nn/index.js";
import * as train from "../../ts/train/index.js";
import roformer from "../../ts/vite.js";
import { smallModel } from "../pipelines/models.js";
import { createPool, createSession, session } from "../session/built.js";

/** Calls a function with wrong options; what else it wants is left out, since options come first. */
export type Case = (options: never) => unknown;

const config = { vocab_size: 9, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 8 };
const none = undefined as never;
const model = main.RoFormer.create(config);
const tokenizer = async () => (await smallModel("base")).tokenizer!;
const labels = { predictions: [0, 1], labels: [0, 1] };
const texts = [["a"], [["a"]]] as const;

/** Pipelines and `forward`, of anything that has them. */
const methods = (of: () => Promise<unknown>, name: string): Record<string, Case> => {
  type Methods = Record<string, (...args: unknown[]) => unknown>;
  const call =
    (method: string, ...args: unknown[]) =>
    async (options: never) =>
      ((await of()) as Methods)[method]!(...args, options);
  return {
    [`${name}.classify ClassifyOptions`]: call("classify", "a"),
    [`${name}.embed EmbedOptions`]: call("embed", "a"),
    [`${name}.search SearchOptions`]: call("search", "a", ["b"]),
    [`${name}.fillMask FillMaskOptions`]: call("fillMask", "a"),
    [`${name}.tagTokens TagTokensOptions`]: call("tagTokens", "a"),
    [`${name}.answer AnswerOptions`]: call("answer", { question: "a", context: "b" }),
    [`${name}.choose PipelineOptions`]: call("choose", { prompt: "a", choices: ["b"] }),
    [`${name}.forward ModelInputs`]: call("forward"),
    [`${name}.forward ForwardOptions`]: call("forward", { inputIds: [[1]] }),
  };
};

const gradients = (of: () => Promise<object>, name: string): Record<string, Case> => {
  const grad = async (...args: unknown[]) =>
    ((await of()) as { valueAndGrad(...args: unknown[]): unknown }).valueAndGrad(...args);
  return {
    [`${name}.valueAndGrad ModelInputs`]: (options) => grad(options),
    [`${name}.valueAndGrad LabelledInputs`]: (options) => grad(options),
    [`${name}.valueAndGrad AnswerInputs`]: (options) => grad(options),
    [`${name}.valueAndGrad GradientOptions`]: (options) => grad({ inputIds: [[1]] }, options),
    [`${name}.save SaveOptions`]: async (options) => ((await of()) as main.RoFormer).save("/dev/null/no/such", options),
    [`${name}.files SaveOptions`]: async (options) => ((await of()) as main.RoFormer).files(options),
  };
};

const packed = (name: string): Record<string, Case> => ({
  [`${name}.run PassOptions`]: (options) => model.run(none, none, options),
  [`${name}.lossAndGradients PartGradientOptions`]: (options) => model.lossAndGradients(none, none, options),
});

const sessionModel = once(async () => (await session()).load(await (await smallModel("base")).files()));
const pool = once(() => createPool({ size: 1 }));
const poolModel = once(async () => (await pool()).load(await (await smallModel("base")).files()));

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

const { SelfAttention, CrossAttention, EncoderLayer } = nn;
const layers = Object.fromEntries(
  Object.entries({ SelfAttention, CrossAttention, EncoderLayer }).map(([name, Layer]): [string, Case] => [
    `new ${name} LayerOptions`,
    (options) => new Layer(none, options),
  ]),
);
const registered = Object.fromEntries([
  ...Object.entries(nn.heads).map(([name, head]): [string, Case] => [
    `heads.${name}.create HeadOptions`,
    (options) => head.create(options),
  ]),
  ...Object.entries(nn.positions).map(([name, make]): [string, Case] => [
    `positions.${name} PositionOptions`,
    (options) => (make as (options: never) => unknown)(options),
  ]),
  ...Object.entries(nn.attentions).map(([name, make]): [string, Case] => [
    `attentions.${name} AttentionOptions`,
    (options) => (make as (options: never) => unknown)(options),
  ]),
]);

/** How every function that takes options is called, by its path and their interface. */
export const cases: Readonly<Record<string, Case>> = {
  ...methods(async () => model, "RoFormer"),
  ...gradients(async () => model, "RoFormer"),
  ...methods(sessionModel, "SessionModel"),
  ...gradients(sessionModel, "SessionModel"),
  ...methods(poolModel, "PoolModel"),
  ...layers,
  ...registered,
  "init EngineOptions": (options) => main.init(options),
  "convert ConvertOptions": (options) => main.convert("no/such", "/dev/null/no/such", options),
  "RoFormer.create CreateOptions": (options) => main.RoFormer.create(config, options),
  "RoFormer.load LoadOptions": (options) => main.RoFormer.load("no/such", options),
  "RoFormer.addLora LoraSettings": (options) => main.RoFormer.create(config).addLora(options),
  ...packed("Model"),
  ...packed("RoFormer"),
  "new AdamW AdamWOptions": (options) => new main.AdamW(model, options),
  "AdamW.step StepOptions": (options) => new main.AdamW(model).step(options),
  "Tokenizer.encode EncodeOptions": async (options) => (await tokenizer()).encode("a", options),
  "Tokenizer.encodeBatch EncodeBatchOptions": async (options) => (await tokenizer()).encodeBatch(["a"], options),
  "Tokenizer.decode DecodeOptions": async (options) => (await tokenizer()).decode([1], options),
  "readRows NamedBytes": (options) =>
    train
      .readRows({
        ...("naem" in (options as object) ? { format: "csv" } : { name: "a.csv" }),
        ...(options as object),
      } as never)
      .next(),
  "readGlue GlueReadOptions": (options) => train.readGlue("no/such", "mrpc", "test", options),
  "readParallel ParallelFiles": (options) => train.readParallel(options).next(),
  "readParallel ParallelOptions": (options) =>
    train.readParallel({ source: "no/such", target: "no/other" }, options).next(),
  "readRows ReadOptions": (options) => train.readRows("no/such", options).next(),
  "metrics.bleu BleuOptions": (options) => train.metrics.bleu(...texts, options),
  "metrics.bootstrapInterval BootstrapOptions": (options) =>
    train.metrics.bootstrapInterval(2, (rows) => rows.length, options),
  "metrics.wilsonInterval IntervalOptions": (options) => train.metrics.wilsonInterval(1, 2, options),
  "metrics.chrf ChrfOptions": (options) => train.metrics.chrf(...texts, options),
  "metrics.chrfScore ChrfOptions": (options) => train.metrics.chrfScore(...texts, options),
  "metrics.confusionMatrix ConfusionOptions": (options) =>
    train.metrics.confusionMatrix(labels.predictions, labels.labels, options),
  "metrics.entityF1 EntityF1Options": (options) => train.metrics.entityF1([["O"]], [["O"]], options),
  "metrics.f1 AverageOptions": (options) => train.metrics.f1(labels.predictions, labels.labels, options),
  "metrics.pairedDifference IntervalOptions": (options) => train.metrics.pairedDifference([1, 2], [0, 2], options),
  "metrics.precision AverageOptions": (options) => train.metrics.precision(labels.predictions, labels.labels, options),
  "metrics.recall AverageOptions": (options) => train.metrics.recall(labels.predictions, labels.labels, options),
  "trainTokenizer TrainTokenizerOptions": (options) => train.trainTokenizer(options),
  "evaluate EvaluateOptions": (options) => train.evaluate(model, options),
  "compare CompareOptions": (options) => train.compare(options),
  "finetune FinetuneOptions": (options) => train.finetune(options),
  "distill DistillOptions": (options) => train.distill(options),
  "pretrain PretrainOptions": (options) => train.pretrain(options),
  "schedules.create ScheduleOptions": (options) => train.schedules.create("linear", options),
  "schedules.layerDecay LayerDecayOptions": (options) => train.schedules.layerDecay([], options),
  "new TrainStep TrainStepOptions": (options) => new train.TrainStep(model, options),
  "createSession SessionOptions": (options) => createSession(options),
  "createPool PoolOptions": (options) => createPool(options),
  "Session.load LoadOptions": async (options) => (await session()).load("no/such", options),
  "Session.create CreateOptions": async (options) => (await session()).create(config, options),
  "Session.finetune FinetuneOptions": async (options) => (await session()).finetune(options),
  "Session.distill DistillOptions": async (options) => (await session()).distill(options),
  "Session.pretrain PretrainOptions": async (options) => (await session()).pretrain(options),
  "Session.convert ConvertOptions": async (options) =>
    (await session()).convert("no/such", "/dev/null/no/such", options),
  "Session.evaluate EvaluateOptions": async (options) => {
    const asked = await session();
    return asked.evaluate(await asked.create(config), options);
  },
  "SessionTokenizer.encode EncodeOptions": async (options) => (await sessionModel()).tokenizer!.encode("a", options),
  "SessionTokenizer.encodeBatch EncodeBatchOptions": async (options) =>
    (await sessionModel()).tokenizer!.encodeBatch(["a"], options),
  "SessionTokenizer.decode DecodeOptions": async (options) => (await sessionModel()).tokenizer!.decode([1], options),
  "Pool.load LoadOptions": async (options) => (await pool()).load("no/such", options),
  "Pool.run RunOptions": async (options) => (await pool()).run(async () => 1, options),
  "gradcheck GradcheckOptions": (options) => nn.gradcheck(none, none, [], options),
  "attention AttentionOptions": (options) => nn.attention(none, none, none, options),
  "attention BatchAttentionOptions": (options) => nn.attention(none, none, none, options),
  "attentionBatch AttentionBatchOptions": (options) => nn.attentionBatch(options),
  "crossEntropy CrossEntropyOptions": (options) =>
    nn.scope(() => nn.crossEntropy(nn.tensor([1, 2], [1, 2]), new Int32Array(1), options)),
  "linearCrossEntropy CrossEntropyOptions": (options) =>
    nn.scope(() =>
      nn.linearCrossEntropy(nn.tensor([1], [1, 1]), nn.tensor([1], [1, 1]), undefined, new Int32Array(1), options),
    ),
  "dropout DropoutDraw": (options) => nn.dropout(none, options),
  "LayerNorm.forward DropoutDraw": (options) =>
    nn.scope(() => {
      const [x, weight] = [nn.tensor([1, 2], [1, 2]), nn.tensor([1, 1])];
      return nn.layerNorm(x, weight, weight, { eps: 1, dropout: options });
    }),
  "featureMap FeatureMapOptions": (options) => nn.featureMap(none, "elu", options),
  "matmul MatmulOptions": (options) => nn.matmul(none, none, options),
  "layerNorm LayerNormOptions": (options) => nn.layerNorm(none, none, none, options),
  "linearAttention LinearFactors": (options) => nn.linearAttention(options, { heads: 1, queryOffsets: none }),
  "linearAttention LinearAttentionOptions": (options) => nn.linearAttention({ a: none, b: none, v: none }, options),
  "linearAttention BatchLinearAttentionOptions": (options) =>
    nn.linearAttention({ a: none, b: none, v: none }, options),
  "linearStep LinearFactors": (options) => nn.linearStep(options, none, none),
  "new JoinedLinear JoinedLinearOptions": (options) => new nn.JoinedLinear(none, [], options),
  "SelfAttention.forward Mask": (options) => nn.SelfAttention.prototype.forward.call(none, none, none, options),
  "convertRope ConvertRopeOptions": (options) => nn.convertRope(options),
  "ropeTable RopeTableOptions": (options) => nn.ropeTable(options),
  "ParameterStore.allocate AllocateOptions": (options) => new nn.ParameterStore().allocate(options),
  "training TrainingStep": (options) => nn.training(options, () => 1),
  "roformer VitePluginOptions": (options) => roformer(options),
};
