import { AbortError, ConfigError } from "../errors.js";
import { type Files, fileName, isFile, type SourceOptions } from "../io/files.js";
import { openWeights } from "../io/formats.js";
import { readJsonObject } from "../io/json.js";
import type { Weights } from "../io/weights.js";
import { type HeadName, heads } from "../nn/heads/index.js";
import { parseConfig, type RoFormerConfig } from "./config.js";
import { families, headOfClass, poolerOf } from "./families.js";
import { type Fit, fitWeights, requireFit } from "./fit.js";
import { refuseForeignConfig, refuseOtherFamily } from "./foreign.js";
import { Network } from "./network.js";

/** Settings of `RoFormer.load`. */
export interface LoadOptions extends SourceOptions {
  /** What the model computes; without it, what `architectures` says. */
  readonly head?: HeadName | undefined;
  /**
   * Whether every parameter has to be in the file, in its shape: true unless given. With false what fits is loaded, the rest
   * gets fresh values, and the model's `missing` and `mismatched` list it.
   */
  readonly strict?: boolean | undefined;
  /** What fresh values follow from, as in `RoFormer.create`; 0 unless given. */
  readonly seed?: number | undefined;
  /** Fields of `config.json` to have other values than in the file. */
  readonly config?: Partial<RoFormerConfig> | undefined;
  /**
   * Keeps the linear layers' weights as int8 and multiplies bytes: a quarter of their memory and about twice the speed, for
   * inference alone. Rows are rounded to 127 steps, activations to 128. Layers whose number of outputs is no multiple of 8 stay
   * f32.
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
  const where = fileName(files, "config.json");
  if (!(await files.has("config.json"))) {
    if (await isFile(files.name)) throw new ConfigError(`${files.name} is a file, not a model's folder`);
    throw new ConfigError(`${where}: no such file; a model folder has one`, { reason: "not-found" });
  }
  const value = await readJsonObject(files, "config.json", ConfigError);
  if (!Object.hasOwn(value, "model_type")) {
    throw new ConfigError(`${where}: model_type is missing; it is one of ${Object.keys(families).join(", ")}`);
  }
  refuseForeignConfig(value, where);
  const config = parseConfig(value, where);
  const { className } = families[config.model_type];
  const foreign = config.architectures?.find((name) => !name.startsWith(className));
  if (foreign !== undefined) {
    throw new ConfigError(`${where}: architectures names ${foreign}, but model_type is ${config.model_type}`);
  }
  return config;
}

/** The head that `architectures` names. */
export function headOf(config: RoFormerConfig, where: string): HeadName {
  const [name] = config.architectures ?? [];
  if (name === undefined) throw new ConfigError(`${where}: architectures is missing, so name a head: { head: "base" }`);
  const head = headOfClass(families[config.model_type], name);
  if (head) return head;
  throw new ConfigError(
    `${where}: architectures names ${name}, which is not supported; { head: "base" } loads its encoder alone`,
  );
}

/** Reads a model folder. Nothing is allocated before every shape has been checked against the file. */
export async function readModel(files: Files, options: LoadOptions = {}): Promise<ReadModel> {
  const { head, strict = true, seed = 0, config: changes, int8 = false } = options;
  if (int8 && !strict)
    throw new ConfigError(
      "load: int8 weights are for inference: with strict: false some could be fresh, and untrained",
    );
  const where = fileName(files, "config.json");
  const config = parseConfig({ ...(await readConfig(files)), ...changes }, where);
  const chosen = head ?? headOf(config, where);
  if (!Object.hasOwn(heads, chosen))
    throw new ConfigError(`head is "${chosen}", not one of ${Object.keys(heads).join(", ")}`);
  const weights = await openWeights(files);
  const network = new Network(config, chosen, poolerOf(config, chosen, holdsPooler(weights, config)));
  const fitting = fitWeights(weights, network);
  if (strict) refuseOtherFamily(config, where, fitting.missing);
  if (strict) requireFit(weights, network, fitting);
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

/** Whether there is a pooler among the weights; something else by its name is none. */
function holdsPooler({ tensors }: Weights, { hidden_size }: RoFormerConfig): boolean {
  const dense = [...tensors].find(([name]) => /^((bert|roformer)\.)?pooler\.dense\.weight$/.test(name));
  return dense?.[1].shape.join() === [hidden_size, hidden_size].join();
}

/** Reads the weights, a parameter after the other. */
async function fill(
  { store: { saved: parameters } }: Network,
  weights: Weights,
  found: ReadonlyMap<string, string>,
  { signal, onProgress }: SourceOptions,
): Promise<void> {
  const total = parameters.reduce((sum, { size }) => sum + 4 * size, 0);
  let loaded = 0;
  for (const parameter of parameters) {
    if (signal?.aborted) throw new AbortError("load was aborted", { cause: signal.reason });
    const name = found.get(parameter.name);
    if (name !== undefined) await parameter.writePieces(weights.pieces(name));
    parameter.pack();
    loaded += 4 * parameter.size;
    onProgress?.({ stage: "read", file: weights.name, loaded, total });
  }
}
