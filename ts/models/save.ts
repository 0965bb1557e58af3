import { ConfigError } from "../errors.js";
import { type NumberDtype, type SavedDtype, WRITTEN_DTYPES } from "../io/dtypes.js";
import { saveFolder } from "../io/files.js";
import { bytesOf, divide, type TensorSource, writeSafetensors } from "../io/safetensorsWriter.js";
import { type HeadFactory, type HeadName, heads } from "../nn/heads/index.js";
import type { ParameterStore } from "../nn/parameters.js";
import type { Content } from "../platform/index.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";
import { labelNames, numLabels, type RoFormerConfig } from "./config.js";
import { ADAPTED_CONFIG, INT8_TYPE } from "./configFile.js";
import type { ModelType } from "./families/index.js";
import { classOf, families, parts } from "./families.js";
import { ADAPTER_FILES, type AdaptedModel, adapterFiles } from "./lora/files.js";
import type { AppliedLora } from "./lora/settings.js";
import {
  checkModelFolder,
  requireFolderPath,
  requireNoWholeModel,
  requireReplaceable,
  TOKENIZERS,
} from "./modelFolder.js";
import { savedTensors } from "./savedTensors.js";
import { SENTENCE_FILES, type SentenceModel } from "./sentences/settings.js";

/** What a saved model is made of. */
export interface SavedModel {
  readonly config: RoFormerConfig;
  readonly head: HeadName;
  readonly store: ParameterStore;
  readonly tokenizer: Tokenizer | undefined;
  readonly sentenceModel?: SentenceModel | undefined;
  /** Where the weights, or those of the adapter's base, come from. */
  readonly source?: string | undefined;
  /** The adapter, which is saved without its base. */
  readonly lora?: AppliedLora | undefined;
}

/** Settings of `RoFormer.save`. */
export interface SaveOptions {
  /**
   * Type of the saved numbers: f16 and bf16 take half the space, rounded to the nearest. int8 takes a quarter: each row of a matrix is
   * rounded to multiples of a number of its own, as `load(…, { int8: true })` does. The folder's `model_type` is then "roformer_js",
   * which transformers refuses.
   * @default f32; int8 for a model that was loaded with `int8`
   */
  readonly dtype?: SavedDtype | undefined;
  /**
   * Bytes of tensors in one file at most; what is more goes into `model-00001-of-0000N.safetensors` with an index, as Hugging
   * Face names them. A larger tensor has a file of its own.
   * @default one file
   */
  readonly maxShardBytes?: number | undefined;
  /**
   * Saves a model with an adapter whole, the adapter added to its weights. The model itself keeps its adapter.
   * @default false: an adapter's folder as PEFT saves it, without the base
   */
  readonly merge?: boolean | undefined;
  /** Further files of the folder, by name: text as UTF-8, or bytes. */
  readonly files?: ReadonlyMap<string, string | Uint8Array> | undefined;
}

/** Writes a Hugging Face folder, whole or not at all; an older model's files do not outlive it. */
export async function saveModel(path: string, model: SavedModel, options: SaveOptions = {}): Promise<void> {
  requireFolderPath(path);
  const written = modelFiles(model, options);
  const older = [...SENTENCE_FILES, ...ADAPTER_FILES, ADAPTED_CONFIG, ...(model.tokenizer ? TOKENIZERS : [])];
  const files = new Map<string, Content | null>([...older.map((name) => [name, null] as const), ...written]);
  const check = async () => {
    if (isAdapter(model, options)) await requireNoWholeModel(path);
    await requireReplaceable(path, [...files.keys()]);
  };
  await saveFolder(path, files, { stale: "weights", check });
}

/**
 * Finds out before long work whether a model can be saved in a folder, and leaves nothing behind. Errors: CheckpointError; ConfigError for a
 * URL.
 */
export async function checkSave(path: string, model: SavedModel, options: SaveOptions = {}): Promise<void> {
  requireFolderPath(path);
  if (isAdapter(model, options)) await requireNoWholeModel(path);
  await checkModelFolder(path, [...modelFiles(model, options).keys()]);
}

/** Whether the adapter alone is saved. */
const isAdapter = ({ lora }: SavedModel, { merge = false }: SaveOptions): boolean => lora !== undefined && !merge;

/** The files of a Hugging Face folder, by name; weights are read while they are written. */
export function modelFiles(model: SavedModel, options: SaveOptions = {}): Map<string, Content> {
  const {
    dtype = model.store.isInt8 ? "int8" : "f32",
    maxShardBytes = Infinity,
    files: extra = new Map<string, string>(),
  } = options;
  checkDtype(dtype, model, options);
  if (!(maxShardBytes > 0)) throw new ConfigError(`save: maxShardBytes is ${maxShardBytes}, not a positive number`);
  const numberDtype = dtype === "int8" ? "f32" : dtype;
  return new Map<string, Content>([
    ...sentenceFiles(model),
    ...extra,
    [isAdapter(model, options) ? ADAPTED_CONFIG : "config.json", configJson(model.config, model.head, dtype)],
    ...(isAdapter(model, options)
      ? adapterFiles(model as AdaptedModel, numberDtype)
      : weightFiles(savedTensors(model, dtype), numberDtype, maxShardBytes)),
    ...(model.tokenizer?.files() ?? []),
  ]);
}

function checkDtype(dtype: SavedDtype, model: SavedModel, options: SaveOptions): void {
  if (!Object.hasOwn(WRITTEN_DTYPES, dtype))
    throw new ConfigError(`save: dtype is "${dtype}", not one of ${Object.keys(WRITTEN_DTYPES).join(", ")}`);
  if (model.store.isInt8 && dtype !== "int8")
    throw new ConfigError(`save: the weights are int8, not ${dtype}: load the model without int8 to save it so`);
  if (dtype === "int8" && isAdapter(model, options))
    throw new ConfigError("save: an adapter cannot be int8: save it with { merge: true }, or as f32, f16 or bf16");
}

/** The files of a sentence-transformers folder; a classifier's folder says nothing of vectors. */
function sentenceFiles({ head, sentenceModel }: SavedModel): Iterable<[string, Content]> {
  const { keepsModules }: HeadFactory = heads[head];
  return (keepsModules && sentenceModel?.files) || [];
}

/** The whole of a file's content. */
export async function blobOf(content: Content): Promise<Blob> {
  const pieces: BlobPart[] = [];
  const whole = typeof content === "string" || content instanceof Uint8Array;
  for await (const piece of whole ? [content] : content) pieces.push(piece as BlobPart);
  return new Blob(pieces);
}

/** One file of weights, or several and their index: `{"metadata": {"total_size"}, "weight_map": {tensor: file}}`. */
function weightFiles(all: readonly TensorSource[], dtype: NumberDtype, most: number): [name: string, Content][] {
  const shards = divide(all, dtype, most);
  if (shards.length === 1) return [["model.safetensors", writeSafetensors(all, { dtype })]];
  const padded = (n: number) => String(n).padStart(5, "0");
  const named = shards.map((shard, i) => ({
    name: `model-${padded(i + 1)}-of-${padded(shards.length)}.safetensors`,
    shard,
  }));
  const weight_map = Object.fromEntries(named.flatMap(({ name, shard }) => shard.map((one) => [one.name, name])));
  const total_size = all.reduce((sum, one) => sum + bytesOf(one, dtype), 0);
  const index = `${JSON.stringify({ metadata: { total_size }, weight_map }, null, 2)}\n`;
  const written = named.map(({ name, shard }): [string, Content] => [name, writeSafetensors(shard, { dtype })]);
  return [...written, ["model.safetensors.index.json", index]];
}

/** Hugging Face's names of types. */
const TORCH_DTYPES = { f32: "float32", f16: "float16", bf16: "bfloat16", int8: "float32" } as const;

/** `config.json` as Hugging Face writes it: every field that is set, sorted by name. `dtype` is that of the weights. */
function configJson(config: RoFormerConfig, head: HeadName, dtype: SavedDtype = "f32"): string {
  const { position, attention, family } = parts(config);
  const model_type = family.savedType(config) as ModelType;
  const { roformer_js, ...rest } = { ...config, model_type, architectures: [classOf(families[model_type], head)] };
  const ours = {
    ...roformer_js,
    ...(position !== family.position && { position }),
    ...(attention !== "softmax" && { attention }),
    ...(dtype === "int8" && { dtype, model_type }),
  };
  const fields: Record<string, unknown> = { ...rest, ...(Object.keys(ours).length > 0 && { roformer_js: ours }) };
  if (dtype === "int8") fields.model_type = INT8_TYPE;
  // What a file said of its own weights: newer ones say `dtype`.
  const typed = ["dtype", "torch_dtype"].find((name) => Object.hasOwn(config, name));
  if (typed !== undefined || TORCH_DTYPES[dtype] !== "float32") fields[typed ?? "torch_dtype"] = TORCH_DTYPES[dtype];
  if (fields.dtype !== undefined) delete fields.torch_dtype;
  // Hugging Face derives the number of labels from their names, and fails at one without a name.
  if (fields.id2label) {
    delete fields.num_labels;
    fields.id2label = Object.fromEntries(labelNames(config).entries());
  }
  // One label excludes no other one; transformers 5 refuses such a configuration, and takes the sigmoid without.
  if (fields.problem_type === "single_label_classification" && numLabels(config) === 1) delete fields.problem_type;
  // Starts and ends, whatever labels are named: Hugging Face's BERT would make as many outputs.
  if (heads[head].labels === "spans") for (const name of ["id2label", "label2id", "num_labels"]) delete fields[name];
  // No padding is not the same as the default, 0.
  const kept = (name: string) => fields[name] !== undefined && (fields[name] !== null || name === "pad_token_id");
  const names = Object.keys(fields).filter(kept);
  const text = JSON.stringify(Object.fromEntries(names.sort().map((name) => [name, fields[name]])), null, 2);
  // transformers 5 refuses whole numbers here.
  return `${text.replace(/^( {2}"(?:initializer_range|layer_norm_eps)": \d+)(?=,?$)/gm, "$1.0")}\n`;
}
