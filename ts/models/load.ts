import { CheckpointError, ConfigError } from "../errors.js";
import { type Files, fileName } from "../io/files.js";
import { openWeights } from "../io/formats.js";
import { matchNames } from "../io/names.js";
import type { Weights } from "../io/weights.js";
import { type HeadName, heads } from "../nn/heads/index.js";
import { parseConfig, type RoFormerConfig } from "./config.js";
import { families } from "./families.js";
import { Network } from "./network.js";

/** Settings of `RoFormer.load`. */
export interface LoadOptions {
  /** What the model computes; without it, what `architectures` says. */
  readonly head?: HeadName | undefined;
  /** Gives parameters that the file lacks fresh values, which follow from the seed; without it they are an error. */
  readonly fresh?: { readonly seed: number } | undefined;
  /** Fields to have other values than in the file. */
  readonly config?: Partial<RoFormerConfig> | undefined;
  /**
   * Keeps the linear layers' weights as int8 and multiplies bytes: a quarter of their memory and about twice the speed, for
   * inference alone. Rows are rounded to 127 steps, activations to 128.
   */
  readonly int8?: boolean | undefined;
}

/** A network with the weights of a folder, and how its names met the file's. */
export interface ReadModel {
  readonly network: Network;
  readonly head: HeadName;
  /** Parameters that the file lacks: fresh. */
  readonly missing: readonly string[];
  /** Tensors of the file that the model does not have. */
  readonly unexpected: readonly string[];
}

/** The configuration of a folder. */
export async function readConfig(files: Files): Promise<RoFormerConfig> {
  const where = fileName(files, "config.json");
  if (!(await files.has("config.json"))) throw new ConfigError(`${where}: no such file; a model folder has one`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(await files.read("config.json")));
  } catch (error) {
    throw new ConfigError(`${where} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new ConfigError(
      `${where} is ${Array.isArray(value) ? "a list" : value === null ? "null" : typeof value}, not an object`,
    );
  }
  if (!Object.hasOwn(value, "model_type")) {
    throw new ConfigError(`${where}: model_type is missing; it is one of ${Object.keys(families).join(", ")}`);
  }
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
  const { className } = families[config.model_type];
  const [name] = config.architectures ?? [];
  if (name === undefined) throw new ConfigError(`${where}: architectures is missing, so name a head: { head: "base" }`);
  for (const [head, { architecture }] of Object.entries(heads)) {
    if (name === className + architecture) return head as HeadName;
  }
  throw new ConfigError(`${where}: architectures names ${name}, which is not supported`);
}

/** Reads a model folder. Nothing is allocated before every shape has been checked against the file. */
export async function readModel(files: Files, options: LoadOptions = {}): Promise<ReadModel> {
  const { head, fresh, config: changes, int8 = false } = options;
  if (int8 && fresh)
    throw new ConfigError("load: int8 weights are for inference: there is nothing to train with fresh ones");
  const where = fileName(files, "config.json");
  const config = parseConfig({ ...(await readConfig(files)), ...changes }, where);
  const chosen = head ?? headOf(config, where);
  if (!Object.hasOwn(heads, chosen))
    throw new ConfigError(`head is "${chosen}", not one of ${Object.keys(heads).join(", ")}`);
  const weights = await openWeights(files);
  const network = new Network(config, chosen);
  const wanted = network.store.parameters.map(({ name }) => name);
  const { found, missing, unexpected } = matchNames(wanted, [...weights.tensors.keys()]);
  if (fresh) missing.push(...otherHead(weights, network, found));
  check(weights, network, found, fresh ? [] : missing);
  try {
    network.store.allocate({ int8 });
    if (missing.length > 0) network.store.initialise(fresh?.seed ?? 0);
    for (const parameter of network.store.parameters) {
      const name = found.get(parameter.name);
      if (name !== undefined) await parameter.writePieces(weights.pieces(name));
      parameter.pack();
    }
  } catch (error) {
    network.free();
    throw error;
  }
  return { network, head: chosen, missing, unexpected };
}

/** Takes out of `found` the head's parameters that have other shapes in the file: it told other labels apart. */
function otherHead({ tensors }: Weights, network: Network, found: Map<string, string>): string[] {
  const encoder = `${families[network.config.model_type].prefix}.`;
  const others = network.store.parameters.filter(({ name, shape }) => {
    const file = found.get(name);
    return file !== undefined && !name.startsWith(encoder) && tensors.get(file)!.shape.join() !== shape.join();
  });
  for (const { name } of others) found.delete(name);
  return others.map(({ name }) => name);
}

/** One error that lists everything that is missing or has another shape. */
function check(
  weights: Weights,
  network: Network,
  found: ReadonlyMap<string, string>,
  missing: readonly string[],
): void {
  const shapes = network.store.parameters.flatMap(({ name, shape }) => {
    const file = found.get(name);
    const held = file === undefined ? undefined : weights.tensors.get(file)!.shape;
    return !held || held.join() === shape.join() ? [] : [`${name} is [${held.join(", ")}], not [${shape.join(", ")}]`];
  });
  if (missing.length + shapes.length === 0) return;
  const list = (what: string, names: readonly string[]) =>
    names.length === 0
      ? ""
      : ` ${what}: ${names.slice(0, 20).join("; ")}${names.length > 20 ? `; and ${names.length - 20} more` : ""}.`;
  const layers = network.config.num_hidden_layers;
  throw new CheckpointError(
    `${weights.name} does not fit config.json (hidden_size ${network.config.hidden_size}, num_hidden_layers ${layers}, ` +
      `vocab_size ${network.config.vocab_size}).${list("Missing", missing)}${list("Wrong shapes", shapes)}`,
  );
}
