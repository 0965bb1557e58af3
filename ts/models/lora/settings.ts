import { ConfigError } from "../../errors.js";
import { checkOptions, given, type Names } from "../../options.js";
import { seedWords } from "../../random/philox.js";

/**
 * Low-rank adaptation (LoRA; Hu et al. 2021), by the names of PEFT's `LoraConfig` in camelCase. Names of modules are Hugging Face's:
 * `roformer.encoder.layer.0.attention.self.query`.
 */
export interface LoraSettings {
  /**
   * Rank of the adapters, from 1.
   * @default 8
   */
  readonly r?: number | undefined;
  /**
   * α: the adapters' product is multiplied by α / r.
   * @default 16
   */
  readonly loraAlpha?: number | undefined;
  /**
   * Rate of dropout of the adapters' input, from 0 to below 1.
   * @default 0
   */
  readonly loraDropout?: number | undefined;
  /**
   * The linear layers that get an adapter: names or ends of names, as "query" or "attention.output.dense"; one text: a regular expression for
   * whole names, or "all-linear": all but the one that gives logits.
   * @default ["query", "value"]
   */
  readonly targetModules?: string | readonly string[] | undefined;
  /**
   * Layers that get none, in the same way.
   * @default none
   */
  readonly excludeModules?: string | readonly string[] | undefined;
  /**
   * Further modules that are trained whole and saved with the adapter, by ends of names. Those of the head (`classifier`, `qa_outputs`) and
   * those that the loaded file lacked are always among them.
   * @default none
   */
  readonly modulesToSave?: readonly string[] | undefined;
  /**
   * Which biases are trained: none, all of the model, or those of layers with an adapter ("lora_only").
   * @default "none"
   */
  readonly bias?: LoraBias | undefined;
  /**
   * Multiplies by α / √r instead (Kalajdzievski 2023).
   * @default false
   */
  readonly useRslora?: boolean | undefined;
  /**
   * Fresh values: B is 0, and A uniform within ±1 / √inputs, or normal with the standard deviation 1 / r ("gaussian").
   * @default true
   */
  readonly initLoraWeights?: true | "gaussian" | undefined;
  /**
   * Numbers of the layers whose modules get an adapter, from 0; only with a list as `targetModules`.
   * @default all
   */
  readonly layersToTransform?: number | readonly number[] | undefined;
  /**
   * What stands before the number of a layer in names, with `layersToTransform`.
   * @default the first number in a name is the layer's
   */
  readonly layersPattern?: string | readonly string[] | undefined;
  /**
   * Other ranks of some layers, by the end of the name or a regular expression for it.
   * @default none
   */
  readonly rankPattern?: Readonly<Record<string, number>> | undefined;
  /**
   * Other α of some layers, in the same way.
   * @default none
   */
  readonly alphaPattern?: Readonly<Record<string, number>> | undefined;
  /**
   * What fresh values follow from, a whole number of at most 53 bits.
   * @default 0
   */
  readonly seed?: number | undefined;
}

/** Which biases are trained beside adapters. */
export type LoraBias = "none" | "all" | "lora_only";

/** The names of {@link LoraSettings}. */
export const LORA: Names<LoraSettings> = {
  ...{ r: true, loraAlpha: true, loraDropout: true, targetModules: true, excludeModules: true, modulesToSave: true },
  ...{ bias: true, useRslora: true, initLoraWeights: true, layersToTransform: true, layersPattern: true },
  ...{ rankPattern: true, alphaPattern: true, seed: true },
};

/** Settings without what is left out. */
export type ResolvedLora = {
  readonly [K in keyof LoraSettings]-?: Exclude<LoraSettings[K], undefined>;
};

/** An adapter that a model has. */
export interface AppliedLora {
  /** What it was made by; `modulesToSave` are complete names, and so are `targetModules` in place of "all-linear". */
  readonly settings: ResolvedLora;
  /** Names of the parameters that it trains. */
  readonly trained: ReadonlySet<string>;
}

const DEFAULTS: ResolvedLora = {
  r: 8,
  loraAlpha: 16,
  loraDropout: 0,
  targetModules: ["query", "value"],
  excludeModules: [],
  modulesToSave: [],
  bias: "none",
  useRslora: false,
  initLoraWeights: true,
  layersToTransform: [],
  layersPattern: [],
  rankPattern: {},
  alphaPattern: {},
  seed: 0,
};

/** Settings with their defaults; `where` begins messages. Errors: ConfigError. */
export function resolveLora(where: string, settings: LoraSettings): ResolvedLora {
  checkOptions(where, settings, LORA);
  const all = { ...DEFAULTS, ...(given(settings) as Partial<ResolvedLora>) };
  for (const [name, { fits, want }] of Object.entries(CHECKS))
    if (!fits(all[name as keyof ResolvedLora]))
      throw new ConfigError(`${where}: ${name} is ${shown(all[name as keyof ResolvedLora])}; expected ${want}`);
  seedWords(all.seed);
  if (typeof all.targetModules === "string" && numbersIn(all.layersToTransform).length > 0)
    throw new ConfigError(`${where}: layersToTransform needs a list as targetModules, not one text`);
  return all;
}

/** A list of one or several. */
export const textsIn = (given: string | readonly string[]): readonly string[] =>
  typeof given === "string" ? [given] : given;

/** Numbers, one or several. */
export const numbersIn = (given: number | readonly number[]): readonly number[] =>
  typeof given === "number" ? [given] : given;

/** A value as messages show it. */
export const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 100);

interface Check {
  readonly fits: (value: unknown) => boolean;
  readonly want: string;
}

const isRank = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1;
const isAlpha = (value: unknown) => typeof value === "number" && Number.isFinite(value);
const isTexts = (value: unknown) => Array.isArray(value) && value.every((one) => typeof one === "string" && one !== "");
const isNames = (value: unknown) => (typeof value === "string" && value !== "") || isTexts(value);
const isRecord = (value: unknown, fits: (value: unknown) => boolean) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(fits);
const isLayer = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

const CHECKS: Readonly<Record<Exclude<keyof LoraSettings, "seed">, Check>> = {
  r: { fits: isRank, want: "a whole number from 1" },
  loraAlpha: { fits: isAlpha, want: "a number" },
  loraDropout: {
    fits: (value) => typeof value === "number" && value >= 0 && value < 1,
    want: "a number from 0 to below 1",
  },
  targetModules: { fits: (value) => isNames(value) && shown(value) !== "[]", want: "a text or a list of names" },
  excludeModules: { fits: isNames, want: "a text or a list of names" },
  modulesToSave: { fits: isTexts, want: "a list of names" },
  bias: {
    fits: (value) => ["none", "all", "lora_only"].includes(value as string),
    want: '"none", "all" or "lora_only"',
  },
  useRslora: { fits: (value) => typeof value === "boolean", want: "true or false" },
  initLoraWeights: { fits: (value) => value === true || value === "gaussian", want: 'true or "gaussian"' },
  layersToTransform: {
    fits: (value) => isLayer(value) || (Array.isArray(value) && value.every(isLayer)),
    want: "a whole number from 0, or a list of them",
  },
  layersPattern: { fits: isNames, want: "a text or a list of texts" },
  rankPattern: { fits: (value) => isRecord(value, isRank), want: "whole numbers from 1 by names" },
  alphaPattern: { fits: (value) => isRecord(value, isAlpha), want: "numbers by names" },
};
