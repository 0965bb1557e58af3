import { CheckpointError, ConfigError } from "../../errors.js";
import { type Files, fileName } from "../../io/files.js";
import { holdsWeights } from "../../io/formats.js";
import { readModules, transformerFolder } from "../../io/modules.js";
import { readWhole } from "../../io/whole.js";
import type { HeadName } from "../../nn/heads/index.js";
import { Tokenizer } from "../../tokenizers/tokenizer.js";
import { ADAPTED_CONFIG, readConfigFile } from "../configFile.js";
import { familyOf } from "../families.js";
import { headOf, type LoadOptions, readConfig, readModel } from "../load.js";
import type { ModelParts } from "../model.js";
import type { Network } from "../network.js";
import { readSentences, type SentenceModel } from "../sentences/settings.js";
import { addAdapters } from "./apply.js";
import { baseOf } from "./base.js";
import { ADAPTER_CONFIG, type AdapterConfig, readAdapterConfig } from "./config.js";
import { type AdapterFit, type AdapterWeights, fillAdapter, fitAdapter, openAdapterWeights } from "./read.js";
import type { AppliedLora } from "./settings.js";

/**
 * Reads an adapter's folder, and its base wherever that is. `root`: the folder that was opened, `files`: the one of the adapter, which may be
 * below it.
 */
export async function openAdapter(root: Files, files: Files, options: LoadOptions): Promise<ModelParts> {
  const where = fileName(files, ADAPTER_CONFIG);
  if (options.int8)
    throw new ConfigError(
      `${where}: a model with an adapter cannot have int8 weights; save it with { merge: true } and load that`,
    );
  const config = await readAdapterConfig(files);
  const weights = await openAdapterWeights(files);
  const source = options.base ?? ((await holdsWeights(files)) ? root : await baseOf(files, config));
  const open = (base: Files) => openOn({ root, files, config, weights }, base, options);
  return readWhole(source, options, open, ({ network }) => network.free());
}

/** An adapter that has been opened. */
interface Opened {
  readonly root: Files;
  readonly files: Files;
  readonly config: AdapterConfig;
  readonly weights: AdapterWeights;
}

async function openOn(adapter: Opened, baseRoot: Files, options: LoadOptions): Promise<ModelParts> {
  const { root, files, config, weights } = adapter;
  const base = await transformerFolder(baseRoot, await readModules(baseRoot));
  if (!(await holdsWeights(base)) && (await base.has(ADAPTER_CONFIG)))
    throw new CheckpointError(`${base.name} is an adapter itself, not a base model`);
  const own = await ownConfig(files);
  const merged = own === undefined ? base : withConfig(base, files, own);
  const head = options.head ?? (await headOfAdapter(config, merged, own !== undefined));
  const changes = { ...(own === undefined && (await labelsOf(weights, base))), ...options.config };
  let lora: { applied: AppliedLora; fit: AdapterFit } | undefined;
  const prepare = (network: Network): ReadonlySet<string> => {
    const facts = { head, missing: [], mismatched: [] };
    const applied = addAdapters(network, facts, config.settings, {
      where: fileName(files, ADAPTER_CONFIG),
      strict: false,
    });
    lora = { applied, fit: fitAdapter(weights, network, applied, options.strict ?? true) };
    return new Set(lora.fit.keys());
  };
  const { network, ...read } = await readModel(merged, { ...options, head, config: changes }, undefined, prepare);
  try {
    const { applied, fit } = lora!;
    await fillAdapter(network, weights, fit, options);
    const tokens = (await Tokenizer.isIn(files)) ? files : base;
    const tokenizer = (await Tokenizer.isIn(tokens)) ? await Tokenizer.load(tokens) : undefined;
    const sentenceModel = await sentencesOf(root, files, baseRoot, base);
    const facts = { ...read, config: network.config, sentences: sentenceModel?.settings };
    return { network, facts, tokenizer, sentenceModel, source: baseRoot.name || undefined, lora: applied };
  } catch (error) {
    network.free();
    throw error;
  }
}

/** The adapter's own file of its model's configuration. */
async function ownConfig(files: Files): Promise<string | undefined> {
  for (const file of [ADAPTED_CONFIG, "config.json"]) if (await files.has(file)) return file;
  return undefined;
}

/** The files of `base`, with the `file` of `other` as its configuration. */
function withConfig(base: Files, other: Files, file: string): Files {
  const of = (name: string) => (name === "config.json" ? other : base);
  const at = (name: string) => (name === "config.json" ? file : name);
  return {
    name: base.name,
    has: (name) => of(name).has(at(name)),
    size: (name) => of(name).size(at(name)),
    read: (name) => of(name).read(at(name)),
    readRange: (name, start, end) => of(name).readRange(at(name), start, end),
    list: () => base.list(),
  };
}

/** The head of the adapter's own configuration, if there is one; else that of its task, else the base's. */
async function headOfAdapter({ head }: AdapterConfig, merged: Files, isOwn: boolean): Promise<HeadName> {
  if (!isOwn && head !== undefined) return head;
  return headOf(await readConfig(merged), fileName(merged, "config.json"), head);
}

/** Without a configuration of its own, an adapter's classifier tells how many labels there are. */
async function labelsOf({ weights, names }: AdapterWeights, base: Files): Promise<object> {
  const { model_type } = await readConfigFile(base);
  const output = familyOf({ model_type })
    .outputs.map((name) => names.get(name))
    .find((name) => name !== undefined);
  return output === undefined ? {} : { num_labels: weights.tensors.get(output)!.shape[0] };
}

/** How texts are embedded: as the adapter's folder says, else as the base's. */
async function sentencesOf(
  root: Files,
  files: Files,
  baseRoot: Files,
  base: Files,
): Promise<SentenceModel | undefined> {
  const own = await readModules(root);
  if (own) return readSentences(root, files, own);
  const modules = await readModules(baseRoot);
  return modules && readSentences(baseRoot, base, modules);
}
