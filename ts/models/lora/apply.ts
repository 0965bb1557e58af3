import { ConfigError } from "../../errors.js";
import type { HeadName } from "../../nn/heads/index.js";
import type { Init } from "../../nn/inits.js";
import type { LinearModule } from "../../nn/linearModule.js";
import { adapterNames, Lora } from "../../nn/lora.js";
import { mergeInto } from "../../nn/loraMerge.js";
import { ParameterScope } from "../../nn/parameters.js";
import type { ModelFacts } from "../facts.js";
import { familyOf } from "../families.js";
import type { Model } from "../model.js";
import type { Network } from "../network.js";
import { type AppliedLora, type LoraSettings, type ResolvedLora, resolveLora, shown } from "./settings.js";
import { byPattern, isAllLinear, modulesOf, targetsIn } from "./targets.js";

/** Layers that give logits, and modules that are trained whole, by head: those of PEFT's task types. */
const HEADS: Readonly<Partial<Record<HeadName, { readonly saved: readonly string[]; readonly outputs: boolean }>>> = {
  "sequence-classification": { saved: ["classifier"], outputs: true },
  "token-classification": { saved: ["classifier"], outputs: false },
  "question-answering": { saved: ["qa_outputs"], outputs: false },
  "multiple-choice": { saved: ["sequence_summary", "classifier"], outputs: false },
};

/**
 * Adds adapters to a model, and freezes all but these and the modules that are trained whole. The model computes what it did until
 * it is trained. Memory: the model's values move, so that there are two copies of them for a moment.
 *
 * @throws ConfigError for a setting that cannot be met, int8 weights, or a model that has an adapter; EngineError while an optimizer lives,
 * for a closed model, or where there is no memory.
 */
export function applyLora(model: Model, settings: LoraSettings = {}): void {
  const where = "addLora";
  const { store } = model;
  const resolved = resolveLora(where, settings);
  if (model.lora) throw new ConfigError(`${where}: the model has an adapter; merge it first (mergeLora)`);
  model.lora = addAdapters(model.network, model, resolved, { where, strict: true });
  if (store.wasHeld) model.source = undefined; // an optimizer may have changed what was loaded
  const adapters = new Set(adapterNames(store));
  store.initialise(resolved.seed, (name) => adapters.has(name));
}

/**
 * Adds the adapters' products to the matrices of their layers and removes the adapters: an ordinary model, nothing of which is frozen.
 *
 * @throws ConfigError for a model without an adapter; EngineError while an optimizer lives, for a closed model, or where there is no memory.
 */
export function mergeLora(model: Model): void {
  const { store } = model;
  if (!model.lora) throw new ConfigError("mergeLora: the model has no adapter");
  store.refuseHeld("mergeLora");
  const names = new Set(adapterNames(store));
  const adapted = [...store.linears.values()].filter(({ adapter }) => adapter);
  for (const { weight, adapter } of adapted) mergeInto(weight, adapter!);
  for (const one of adapted) one.adapter = undefined;
  store.withdraw(names);
  store.freeze(() => false);
  [model.lora, model.source] = [undefined, undefined];
}

/** How {@link addAdapters} speaks, and whether each name of a list must meet a module. */
export interface AddingOptions {
  readonly where: string;
  readonly strict: boolean;
}

/** What an adapter needs to know of a model. */
export type Adapted = Pick<ModelFacts, "head" | "missing" | "mismatched">;

/** Declares adapters in a network's store, without values yet, and freezes the rest. Errors: those of {@link applyLora}. */
export function addAdapters(
  network: Network,
  facts: Adapted,
  given: ResolvedLora,
  { where, strict }: AddingOptions,
): AppliedLora {
  const { store } = network;
  const modulesToSave = savedModules(where, network, facts, given.modulesToSave, strict);
  const names = modulesOf(store.names);
  const linears = new Set(store.linears.keys());
  const outputs = HEADS[facts.head]?.outputs ? ["classifier"] : [];
  const targets = targetsIn(where, { ...given, modulesToSave }, { names, linears, outputs }, strict);
  const targetModules = isAllLinear(given.targetModules) ? targets : given.targetModules;
  const settings = { ...given, targetModules, modulesToSave };
  const adapted = targets.map((name) => store.linears.get(name)!);
  try {
    store.extend(() => {
      for (const one of adapted) one.adapter = adapterOf(where, network, one, settings);
    });
    const trained = trainedOf(network, adapted, settings);
    store.freeze((name) => !trained.has(name));
    return { settings, trained };
  } catch (error) {
    for (const one of adapted) one.adapter = undefined;
    throw error;
  }
}

function adapterOf(where: string, { store }: Network, one: LinearModule, settings: ResolvedLora): Lora {
  const r = byPattern(where, settings.rankPattern, one.name, settings.r);
  const alpha = byPattern(where, settings.alphaPattern, one.name, settings.loraAlpha);
  const inputs = one.weight.shape[1]!;
  const init: Init =
    settings.initLoraWeights === "gaussian"
      ? { kind: "normal", std: 1 / r }
      : { kind: "uniform", bound: 1 / Math.sqrt(inputs) };
  const scale = settings.useRslora ? alpha / Math.sqrt(r) : alpha / r;
  return new Lora(new ParameterScope(store, 0).at(one.name), one, { r, scale, dropout: settings.loraDropout, init });
}

/** The modules that are trained whole, by their names in the network. */
function savedModules(
  where: string,
  network: Network,
  { head, missing, mismatched }: Adapted,
  wanted: readonly string[],
  strict: boolean,
): string[] {
  const all = modulesOf(network.store.names);
  const missed = wanted.find((end) => !all.some((name) => name.endsWith(end)));
  if (strict && missed !== undefined)
    throw new ConfigError(`${where}: modulesToSave names ${shown(missed)}, and no module's name ends so`);
  const fresh = [...missing, ...mismatched.map(({ name }) => name)].filter((name) => isParameter(network, name));
  const ends = [...(HEADS[head]?.saved ?? []), ...wanted];
  const named = all.filter((name) => ends.some((end) => name.endsWith(end)));
  const whole = [...named, ...fresh.map((name) => name.slice(0, name.lastIndexOf(".")))];
  refuseTied(where, network, whole);
  const outer = (name: string) => whole.some((other) => name.startsWith(`${other}.`));
  return [...new Set(whole.filter((name) => !outer(name)))];
}

const isParameter = ({ store }: Network, name: string): boolean =>
  store.parameters.some((parameter) => parameter.name === name);

/** A language model's decoder is the word vectors: PEFT would train a copy of one of the two. */
function refuseTied(where: string, { config, store }: Network, modules: readonly string[]): void {
  const { decoder, bias } = familyOf(config).heads(config).names.languageModel;
  if (!store.names.has(bias) || store.names.has(`${decoder}.weight`)) return;
  const words = [...store.names].find((name) => name.endsWith("word_embeddings.weight"))?.replace(/\.weight$/, "");
  const wrong = modules.find((module) =>
    [decoder, bias, words].some((name) => name === module || name?.startsWith(`${module}.`)),
  );
  if (wrong !== undefined)
    throw new ConfigError(
      `${where}: ${wrong} holds the decoder, which is tied to the word vectors: it cannot be trained whole beside an adapter`,
    );
}

function trainedOf(
  { store }: Network,
  adapted: readonly LinearModule[],
  { bias, modulesToSave }: ResolvedLora,
): ReadonlySet<string> {
  const own = adapterNames(store);
  const whole = [...store.names].filter((name) => modulesToSave.some((module) => name.startsWith(`${module}.`)));
  const only = adapted.flatMap((one) => (one.bias ? [one.bias.name] : []));
  const biases = { none: [], lora_only: only, all: [...store.names].filter((name) => name.endsWith("bias")) }[bias];
  return new Set([...own, ...whole, ...biases]);
}
