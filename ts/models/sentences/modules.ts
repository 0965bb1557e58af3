import * as v from "valibot";
import { CheckpointError } from "../../errors.js";
import { type Files, fileName } from "../../io/files.js";
import { openWeightFile } from "../../io/formats.js";
import { isKnown, type ModuleEntry, subfolder } from "../../io/modules.js";
import { readTensor } from "../../io/weights.js";
import { activationOf } from "./activations.js";
import { dense } from "./dense.js";
import type { FeatureName, SentenceModule } from "./features.js";
import { count, optional, readFields } from "./file.js";
import { layerNorm, normalize } from "./norms.js";
import { isPooling, POOLINGS, type Pooling, pooling } from "./pooling.js";

/** Old flags of a pooling; what is true stands end to end in this order. */
const FLAGS: Readonly<Record<string, Pooling>> = {
  pooling_mode_cls_token: "cls",
  pooling_mode_max_tokens: "max",
  pooling_mode_mean_tokens: "mean",
  pooling_mode_mean_sqrt_len_tokens: "mean_sqrt_len_tokens",
  pooling_mode_weightedmean_tokens: "weightedmean",
  pooling_mode_lasttoken: "lasttoken",
};

const FEATURES: readonly unknown[] = ["token_embeddings", "sentence_embedding"] satisfies FeatureName[];
const WEIGHTS = ["model.safetensors", "pytorch_model.bin"];

const inOut = { module_input_name: optional(v.string()), module_output_name: optional(v.string()) };
const poolingSchema = v.looseObject({ pooling_mode: v.optional(v.unknown()), include_prompt: optional(v.boolean()) });
const denseSchema = v.looseObject({
  in_features: count,
  out_features: count,
  bias: optional(v.boolean()),
  activation_function: optional(v.string()),
  use_residual: optional(v.boolean()),
  ...inOut,
});

/** Reads a module, or says why it cannot be computed. Errors: ConfigError and CheckpointError for broken files. */
type Reader = (folder: Files) => Promise<SentenceModule | string>;

const readPooling: Reader = async (folder) => {
  const fields = await readFields(folder, "config.json", poolingSchema);
  const modes = poolingModes(fields);
  return typeof modes === "string" ? modes : pooling(modes, fields.include_prompt ?? true);
};

/** What `pooling_mode` says, else the old flags, else the mean. */
function poolingModes(fields: Record<string, unknown>): Pooling[] | string {
  const given = fields.pooling_mode;
  if (given === undefined) {
    const on = Object.keys(fields).filter((name) => name.startsWith("pooling_mode_") && fields[name]);
    const unknown = on.find((name) => !Object.hasOwn(FLAGS, name));
    if (unknown !== undefined) return `${unknown} is not supported`;
    const modes = Object.keys(FLAGS).filter((name) => on.includes(name));
    return modes.length === 0 ? ["mean"] : modes.map((name) => FLAGS[name]!);
  }
  const modes: unknown[] = Array.isArray(given) ? given : [given];
  const known = modes.filter((mode): mode is Pooling => isPooling(mode) && mode !== "pooler" && mode !== "last");
  if (modes.length > 0 && known.length === modes.length) return known;
  const names = POOLINGS.filter((name) => name !== "pooler" && name !== "last");
  return `pooling_mode is ${JSON.stringify(given)}, not one or several of ${names.join(", ")}`;
}

const readDense: Reader = async (folder) => {
  const fields = await readFields(folder, "config.json", denseSchema);
  const { in_features: inputs, out_features: outputs } = fields;
  const names = featureNames(fields);
  if (typeof names === "string") return names;
  const className = fields.activation_function === undefined ? "torch.nn.Tanh" : fields.activation_function;
  const activation = activationOf(className ?? "torch.nn.Identity");
  if (!activation) return `activation_function is ${JSON.stringify(className)}, which is not supported`;
  const tensors = await moduleTensors(folder);
  const bias = fields.bias === false ? undefined : await tensors.read("linear.bias", [outputs]);
  const projects = fields.use_residual === true && inputs !== outputs;
  const residual = projects ? await tensors.read("residual.weight", [outputs, inputs]) : undefined;
  return dense({
    inputs,
    outputs,
    weight: await tensors.read("linear.weight", [outputs, inputs]),
    bias,
    activation,
    slope: tensors.has("activation_function.weight")
      ? (await tensors.read("activation_function.weight", [1]))[0]
      : undefined,
    residual: residual ?? (fields.use_residual === true || undefined),
    ...names,
    where: folder.name,
  });
};

const readNormalize: Reader = async (folder) => {
  const fields = (await folder.has("config.json")) ? await readFields(folder, "config.json", v.looseObject(inOut)) : {};
  const names = featureNames(fields);
  return typeof names === "string" ? names : normalize(names.input, names.output);
};

const readLayerNorm: Reader = async (folder) => {
  const { dimension } = await readFields(folder, "config.json", v.looseObject({ dimension: count }));
  const tensors = await moduleTensors(folder);
  const [weight, bias] = [await tensors.read("norm.weight", [dimension]), await tensors.read("norm.bias", [dimension])];
  return layerNorm(weight, bias, folder.name);
};

/** Modules behind the transformer, by class. */
const readers: Readonly<Record<string, Reader>> = {
  Pooling: readPooling,
  Dense: readDense,
  Normalize: readNormalize,
  LayerNorm: readLayerNorm,
  Dropout: async () => ({ name: "Dropout", needsVector: true, apply: () => undefined }), // training's alone
};

/** What a module reads and writes. A vector cannot become tokens, nor tokens a vector but by a pooling. */
function featureNames(fields: { module_input_name?: unknown; module_output_name?: unknown }) {
  const input = fields.module_input_name ?? "sentence_embedding";
  const output = fields.module_output_name ?? input;
  if (FEATURES.includes(input) && input === output) return { input, output } as Record<"input" | "output", FeatureName>;
  return `it makes ${String(output)} of ${String(input)}, which is not supported`;
}

async function moduleTensors(folder: Files) {
  const found = await Promise.all(WEIGHTS.map((file) => folder.has(file)));
  const file = WEIGHTS[found.indexOf(true)];
  if (file === undefined) throw new CheckpointError(`${folder.name}: there is none of ${WEIGHTS.join(", ")}`);
  const weights = await openWeightFile(folder, file);
  const where = fileName(folder, file);
  return {
    has: (name: string) => weights.tensors.has(name),
    async read(name: string, shape: readonly number[]): Promise<Float32Array> {
      const stored = weights.tensors.get(name);
      if (!stored) throw new CheckpointError(`${where}: there is no tensor ${name}`);
      if (stored.shape.join() !== shape.join())
        throw new CheckpointError(`${where}: ${name} is [${stored.shape.join(", ")}], not [${shape.join(", ")}]`);
      return readTensor(weights, name);
    },
  };
}

/** A module, or why it cannot be computed. */
export async function readModule(files: Files, entry: ModuleEntry): Promise<SentenceModule | string> {
  const { name, type, path } = entry;
  if (!isKnown(type) || !Object.hasOwn(readers, name))
    return `${fileName(files, "modules.json")}: the module ${isKnown(type) ? name : type} is not supported`;
  const folder = subfolder(files, path);
  const read = await readers[name]!(folder);
  return typeof read === "string" ? `${folder.name} (${name}): ${read}` : read;
}

/** Files of modules by the names that sentence-transformers gives them. */
const FILES = ["config.json", ...WEIGHTS];
const FILES_OF_OTHERS = [
  ...["router_config.json", "cnn_config.json", "lstm_config.json", "wordembedding_config.json"],
  ...["whitespacetokenizer_config.json", "phrasetokenizer_config.json", "tokenizer.json", "vocab.txt"],
];

/** A module's files, for a copy of its folder, by their names in the model's. */
export async function moduleFiles(files: Files, { name, path }: ModuleEntry): Promise<[string, Uint8Array][]> {
  if (path === "") return [];
  const names = Object.hasOwn(readers, name) ? FILES : [...FILES, ...FILES_OF_OTHERS];
  const held: [string, Uint8Array][] = [];
  for (const file of names.map((one) => `${path}/${one}`))
    if (await files.has(file)) held.push([file, await files.read(file)]);
  return held;
}
