import { ConfigError } from "../errors.js";
import { type FileSource, type Files, fileName } from "../io/files.js";
import { readModules, transformerFolder } from "../io/modules.js";
import { readWhole } from "../io/whole.js";
import { convertRope, type RopeOrder } from "../nn/convertRope.js";
import type { HeadName } from "../nn/heads/index.js";
import { rotarySize } from "../nn/ropeScaling.js";
import { checkOptions } from "../options.js";
import type { Parameter } from "../tensor/parameter.js";
import { totalSize } from "../tensor/tensor.js";
import type { RoFormerConfig } from "./config.js";
import { INT8_TYPE } from "./configFile.js";
import { familyOf, parts } from "./families.js";
import type { ConvertOptions } from "./interface.js";
import { headOf, readConfig } from "./load.js";
import { Model } from "./model.js";
import { checkModelFolder } from "./modelFolder.js";
import { openModel } from "./open.js";
import { CONVERT } from "./options.js";
import { type SaveOptions, saveModel } from "./save.js";

/** What {@link convert} did. */
export interface Conversion {
  /** What the new model computes. */
  readonly head: HeadName;
  /** The `model_type` of its configuration. */
  readonly modelType: RoFormerConfig["model_type"];
  /** The type of its saved numbers. */
  readonly dtype: NonNullable<SaveOptions["dtype"]>;
  /** Numbers in the new model. */
  readonly parameters: number;
  /** Tensors of the old one that the new one does not have. */
  readonly dropped: readonly string[];
  /** Tensors whose rows have another order. */
  readonly reordered: readonly string[];
}

/**
 * Writes the model of one folder to another: as safetensors, in another type, in shards, with other pairs, or as a RoFormer.
 * Errors: ConfigError for options that the model cannot meet, CheckpointError for weights that cannot be read or written.
 */
export async function convert(source: FileSource, out: string, options: ConvertOptions = {}): Promise<Conversion> {
  checkOptions("convert", options, CONVERT);
  const { dtype = "f32", maxShardBytes, from, rope } = options;
  if (from !== undefined && from !== "bert")
    throw new ConfigError(`convert: from is ${JSON.stringify(from)}, not "bert"`);
  if (rope !== undefined && rope !== "interleaved" && rope !== "half")
    throw new ConfigError(`convert: rope is ${JSON.stringify(rope)}, not "interleaved" or "half"`);
  await checkModelFolder(out, ["config.json"]);
  const { old, head, model } = await readWhole(source, {}, (files) => open(files, options), closeModel);
  try {
    if (model.lora) (await import("./lora/apply.js")).mergeLora(model);
    const reordered = rope && parts(old).position !== positionOf(rope) ? reorder(model, rope) : [];
    await saveModel(out, model, { dtype, maxShardBytes });
    return {
      head,
      modelType: dtype === "int8" ? INT8_TYPE : model.config.model_type,
      dtype,
      parameters: totalSize(model.parameters()),
      dropped: model.unexpected,
      reordered,
    };
  } finally {
    model.close();
  }
}

const closeModel = ({ model }: { model: Model }) => model.close();

async function open(files: Files, { head: wanted, from, rope }: ConvertOptions) {
  const modules = await readModules(files);
  const folder = await transformerFolder(files, modules);
  const old = await readConfig(folder);
  const where = fileName(folder, "config.json");
  const head = wanted ?? headOf(old, where, modules && "base");
  const changes = { ...(from && asRoFormer(old, head, where)), ...(rope && withPairs(old, from, rope, where)) };
  return { old, head, model: new Model(await openModel(files, { head, config: changes })) };
}

/** Heads that BERT and RoFormer have under the same names. */
const COMMON: readonly HeadName[] = ["base", "masked-lm", "causal-lm", "token-classification", "question-answering"];

function asRoFormer(config: RoFormerConfig, head: HeadName, where: string): Partial<RoFormerConfig> {
  if (config.model_type !== "bert") throw new ConfigError(`${where}: model_type is ${config.model_type}, not bert`);
  if (!COMMON.includes(head))
    throw new ConfigError(`convert: BERT's ${head} differs from RoFormer's: use the head base to drop it`);
  return { model_type: "roformer" };
}

const positionOf = (rope: RopeOrder) => (rope === "half" ? ("rotary-half" as const) : ("rotary" as const));

function withPairs(
  config: RoFormerConfig,
  from: ConvertOptions["from"],
  rope: RopeOrder,
  where: string,
): Partial<RoFormerConfig> {
  const position = from ? "rotary" : parts(config).position;
  if (position !== "rotary" && position !== "rotary-half")
    throw new ConfigError(`${where}: positions are ${position}: there are no pairs to put into another order`);
  if (config.rotary_value)
    throw new ConfigError(
      `${where}: rotary_value is true: values are turned too, and cannot be put into another order`,
    );
  return { roformer_js: { ...config.roformer_js, position: positionOf(rope) } };
}

/** Reorders the queries and keys of every layer. */
function reorder(model: Model, to: RopeOrder): string[] {
  const { config } = model;
  const { num_attention_heads: heads, hidden_size } = config;
  const headSize = hidden_size / heads;
  const rope = config.roformer_js?.rope_parameters;
  const shape = { heads, headSize, rotarySize: rope ? rotarySize(rope, headSize) : headSize, to };
  const turned = queriesAndKeys(model);
  // A bias is a projection of one input.
  for (const parameter of turned) parameter.write(convertRope({ ...shape, weight: parameter.read() }).weight);
  return turned.map(({ name }) => name);
}

/** Weights and biases of queries and keys. */
function queriesAndKeys({ config, store }: Model): Parameter[] {
  const { layer, names } = familyOf(config).encoder(config);
  const wanted = Array.from({ length: config.num_hidden_layers }, (_, i) => {
    const { qkv } = layer(i).names.attention;
    if (typeof qkv === "string") throw new ConfigError(`convert: queries and keys are one tensor, ${qkv}`);
    return qkv.slice(0, 2).flatMap((name) => ["weight", "bias"].map((of) => `${names.layer(i)}.${name}.${of}`));
  }).flat();
  return store.parameters.filter(({ name }) => wanted.some((end) => name === end || name.endsWith(`.${end}`)));
}
