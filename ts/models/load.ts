import { AbortError, ConfigError } from "../errors.js";
import { type FileSource, type Files, fileName, type SourceOptions } from "../io/files.js";
import { openWeights } from "../io/formats.js";
import { bareNames } from "../io/names.js";
import type { Weights } from "../io/weights.js";
import { type HeadFactory, type HeadName, heads } from "../nn/heads/index.js";
import type { ParameterStore } from "../nn/parameters.js";
import type { Parameter } from "../tensor/parameter.js";
import {
  checkFields,
  misspeltHint,
  parseSavedConfig,
  type RoFormerConfig,
  type RoFormerConfigInput,
} from "./config.js";
import { type ConfigFields, readConfigFile } from "./configFile.js";
import { withActivation } from "./crossEncoder.js";
import { families, familyOf, headOfClass, nameRules } from "./families.js";
import { type Fit, fitWeights, requireFit } from "./fit.js";
import { refuseOtherFamily } from "./foreign.js";
import { largestMultiple } from "./int8.js";
import { Network } from "./network.js";

/** Settings of `RoFormer.load`. */
export interface LoadOptions<H extends HeadName = HeadName> extends SourceOptions {
  /**
   * What the model computes.
   * @default what `architectures` of `config.json` says
   */
  readonly head?: H | undefined;
  /**
   * Whether every parameter must be in the file, in its shape. With false, what fits is loaded, the rest gets fresh values, and
   * the model's `missing` and `mismatched` list it.
   * @default true
   */
  readonly strict?: boolean | undefined;
  /**
   * What fresh values follow from, as in `RoFormer.create`.
   * @default 0
   */
  readonly seed?: number | undefined;
  /** Fields of `config.json` to have other values than in the file. */
  readonly config?: RoFormerConfigInput | undefined;
  /**
   * The base model of an adapter's folder.
   * @default what `adapter_config.json` says: a path, counted from the current folder or from the adapter's, or a name on the hub
   */
  readonly base?: FileSource | undefined;
  /**
   * Keeps the linear layers' weights as int8 and multiplies bytes: a quarter of their memory and about twice the speed, for
   * inference alone. Rows are rounded to 127 steps, activations to 128. Layers whose number of outputs is not a multiple of 8,
   * and embeddings, stay f32 in memory and are rounded to 255 steps: a model computes the same bits whether its file is f32 or what
   * `save` makes of it with `dtype: "int8"`.
   * @default false
   */
  readonly int8?: boolean | undefined;
}

/** A network with the weights of a folder, and how its names met the file's. */
export interface ReadModel extends Omit<Fit, "found"> {
  readonly network: Network;
  readonly head: HeadName;
}

/** The configuration of a folder. */
export async function readConfig(files: Files): Promise<RoFormerConfig> {
  return parseSavedConfig(await readConfigFile(files), fileName(files, "config.json"));
}

/** The head that `architectures` names; `otherwise` where it names none that is supported. */
export function headOf(config: RoFormerConfig, where: string, otherwise?: HeadName): HeadName {
  const { architectures, model_type } = config;
  const [name] = architectures ?? [];
  const head = name === undefined ? otherwise : (headOfClass(families[model_type], name) ?? otherwise);
  if (head) return head;
  if (name === undefined) throw new ConfigError(`${where}: architectures is missing, so name a head: { head: "base" }`);
  const other = name.startsWith(families[model_type].className)
    ? "which is not supported"
    : `not a ${model_type} class`;
  const named = Object.entries(heads as Record<string, HeadFactory>).flatMap(([one, { bare }]) => (bare ? [] : [one]));
  throw new ConfigError(
    `${where}: architectures names ${name}, ${other}; { head: "base" } loads the encoder alone, and ` +
      `{ head: "${named.join('" | "')}" } a model of that kind`,
  );
}

/**
 * Reads a model folder; `otherwise`: as of {@link headOf}. Nothing is allocated before every shape has been checked against the file.
 * `prepare` may add to the network before that, and gives the names of the parameters that another file holds.
 */
export async function readModel(
  files: Files,
  options: LoadOptions = {},
  otherwise?: HeadName,
  prepare: (network: Network) => ReadonlySet<string> = () => new Set(),
): Promise<ReadModel> {
  const { head, strict = true, seed = 0, config: changes = {}, int8 = false } = options;
  if (int8 && !strict)
    throw new ConfigError(
      "load: int8 weights are for inference: with strict: false some could be fresh, and untrained",
    );
  if (head !== undefined && !Object.hasOwn(heads, head))
    throw new ConfigError(`head is "${head}", not one of ${Object.keys(heads).join(", ")}`);
  checkFields(changes, "load: config");
  const where = fileName(files, "config.json");
  const fields = changed(await readConfigFile(files), changes);
  const read = parseSavedConfig(fields, where);
  const chosen = head ?? headOf(read, where, otherwise);
  const weights = await withoutBytes(await openWeights(files));
  const config = await withActivation(withOneLabelCount(read, weights), chosen, files);
  const network = inFile(
    where,
    () => new Network(config, { head: chosen, pooler: familyOf(config).pooler(config, holdsPooler(weights, config)) }),
  );
  const fitting = without(prepare(network), fitWeights(weights, network));
  if (strict) refuseOtherFamily(config, where, fitting);
  if (strict) requireFit(weights, network, fitting, misspeltHint(fields));
  const { found, ...report } = fitting;
  try {
    network.store.allocate({ int8 });
    if (found.size < network.store.saved.length) network.store.initialise(seed);
    await fill(network, weights, found, options);
  } catch (error) {
    network.free();
    throw error;
  }
  return { network, head: chosen, ...report };
}

/** Weights in which matrices of bytes have the numbers that these stand for. */
async function withoutBytes(weights: Weights): Promise<Weights> {
  const hasBytes = [...weights.tensors.values()].some(({ dtype }) => dtype === "I8");
  return hasBytes ? (await import("../io/int8.js")).widenInt8(weights) : weights;
}

/** A fit in which parameters that another file holds are not wanted. Those that this file has too are read, and overwritten then. */
function without(others: ReadonlySet<string>, { missing, mismatched, ...rest }: Fit): Fit {
  return {
    ...rest,
    missing: missing.filter((name) => !others.has(name)),
    mismatched: mismatched.filter(({ name }) => !others.has(name)),
  };
}

/** A file's fields with others in their place. Another number of labels takes the names of the old ones away, and other names their number. */
function changed(file: ConfigFields, changes: RoFormerConfigInput): ConfigFields {
  const { id2label, num_labels } = changes;
  const old = file.id2label ?? undefined;
  const relabelled =
    id2label !== undefined || (num_labels != null && old !== undefined && Object.keys(old).length !== num_labels);
  const labels = relabelled ? { id2label: undefined, label2id: undefined, num_labels: undefined } : {};
  return { ...file, ...labels, ...changes };
}

/** Errors of a network's parts as those of the file that describes it. */
function inFile<T>(where: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`${where}: ${error.message}`, { cause: error });
  }
}

/**
 * Where `num_labels` and the names disagree, releases of transformers do too: up to 4 the names count, from 5 on the number. A
 * classifier in the file tells which it is; without one, the names count.
 */
function withOneLabelCount(config: RoFormerConfig, { tensors }: Weights): RoFormerConfig {
  const { id2label, num_labels } = config;
  const named = Object.keys(id2label ?? {}).length;
  if (!id2label || num_labels == null || named === num_labels) return config;
  const family = familyOf(config);
  const names = bareNames(tensors.keys(), nameRules(family).prefixes);
  const classifier = family.outputs.map((name) => names.get(name)).find((name) => name !== undefined);
  const rows = classifier === undefined ? undefined : tensors.get(classifier)!.shape[0];
  return rows === num_labels
    ? { ...config, id2label: undefined, label2id: undefined }
    : { ...config, num_labels: named };
}

/** Whether there is a pooler among the weights; something else by its name is none. */
function holdsPooler({ tensors }: Weights, config: RoFormerConfig): boolean {
  const family = familyOf(config);
  const { width, names } = family.heads(config);
  const dense = bareNames(tensors.keys(), nameRules(family).prefixes).get(`${names.pooler}.weight`);
  return dense !== undefined && tensors.get(dense)!.shape.join() === [width, width].join();
}

/** Reads the weights, a parameter after the other. */
async function fill(
  { store }: Network,
  weights: Weights,
  found: ReadonlyMap<string, string>,
  { signal, onProgress }: SourceOptions,
): Promise<void> {
  const parameters = store.saved;
  const total = parameters.reduce((sum, { size }) => sum + 4 * size, 0);
  let loaded = 0;
  for (const parameter of parameters) {
    if (signal?.aborted) throw new AbortError("load was aborted", { cause: signal.reason });
    const name = found.get(parameter.name);
    if (name !== undefined) await parameter.writePieces(await piecesOf(parameter, store, weights, name));
    parameter.pack();
    loaded += 4 * parameter.size;
    onProgress?.({ stage: "read", file: weights.name, loaded, total });
  }
}

/**
 * What is written to a parameter. A model of int8 weights has matrices that are not kept as bytes: they are rounded as `save` rounds
 * them, unless the file holds bytes already.
 */
async function piecesOf(
  parameter: Parameter,
  store: ParameterStore,
  weights: Weights,
  name: string,
): Promise<AsyncIterable<Float32Array>> {
  const pieces = weights.pieces(name);
  const isRounded = parameter.isInt8 || store.isBuffer(parameter.name) || weights.tensors.get(name)!.dtype === "I8";
  const most = store.isInt8 && !isRounded ? largestMultiple(parameter) : undefined;
  return most ? (await import("../io/int8.js")).roundedPieces(pieces, parameter.shape[1]!, most) : pieces;
}
