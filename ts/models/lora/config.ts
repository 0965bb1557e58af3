import { ConfigError } from "../../errors.js";
import { type Files, fileName } from "../../io/files.js";
import { readJsonObject } from "../../io/json.js";
import type { HeadName } from "../../nn/heads/index.js";
import { LORA, type LoraSettings, type ResolvedLora, resolveLora, shown } from "./settings.js";

/** The file that makes a folder an adapter's. */
export const ADAPTER_CONFIG = "adapter_config.json";

/** What an adapter's folder says of it. */
export interface AdapterConfig {
  readonly settings: ResolvedLora;
  /** The base model: a folder's path, or a name on the hub. */
  readonly base: string | undefined;
  /** The base's revision on the hub. */
  readonly revision: string | undefined;
  /** The head of PEFT's task type; undefined where there is none. */
  readonly head: HeadName | undefined;
}

/** PEFT's task types. */
const TASK_TYPES: Readonly<Partial<Record<HeadName, string>>> = {
  "sequence-classification": "SEQ_CLS",
  "token-classification": "TOKEN_CLS",
  "question-answering": "QUESTION_ANS",
  "causal-lm": "CAUSAL_LM",
  base: "FEATURE_EXTRACTION",
};

/** Settings that files do not hold. */
const UNSAVED = ["seed", "initLoraWeights"];

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** PEFT's names of the settings, by those here. */
const FIELDS: ReadonlyMap<keyof LoraSettings, string> = new Map(
  Object.keys(LORA)
    .filter((name) => !UNSAVED.includes(name))
    .map((name) => [name as keyof LoraSettings, snake(name)]),
);

/** Fields that change nothing of what an adapter computes. */
const WITHOUT_EFFECT = [
  ...[
    "auto_mapping",
    "base_model_name_or_path",
    "revision",
    "inference_mode",
    "peft_type",
    "peft_version",
    "task_type",
  ],
  // For layers of other kinds, or for how fresh values are made.
  ...["fan_in_fan_out", "megatron_core", "eva_config", "qalora_group_size", "init_lora_weights", "runtime_config"],
];

/** Initializations that change the base's weights, so that an adapter fits no base as it is saved. */
const CHANGES_BASE = /^(pissa|olora|corda|loftq|lora_ga)/;

/** PEFT's defaults for what a file leaves out, where those here are others. */
const PEFT_DEFAULTS: LoraSettings = { r: 8, loraAlpha: 8, loraDropout: 0 };

/**
 * Reads an adapter's `adapter_config.json`. Errors: ConfigError that names the field for an adapter of another type or with what is not
 * supported.
 */
export async function readAdapterConfig(files: Files): Promise<AdapterConfig> {
  const where = fileName(files, ADAPTER_CONFIG);
  const fields = await readJsonObject(files, ADAPTER_CONFIG, ConfigError);
  const { peft_type, task_type, base_model_name_or_path: base, revision, init_lora_weights: init } = fields;
  if (peft_type !== "LORA")
    throw new ConfigError(`${where}: peft_type is ${shown(peft_type)}; only adapters of type "LORA" are supported`);
  if (typeof init === "string" && CHANGES_BASE.test(init.toLowerCase()))
    throw new ConfigError(
      `${where}: init_lora_weights is ${shown(init)}, which changes the base's weights: not supported`,
    );
  const known = [...FIELDS.values(), ...WITHOUT_EFFECT];
  const other = Object.keys(fields).find((name) => !known.includes(name) && isActive(fields[name]));
  if (other !== undefined)
    throw new ConfigError(`${where}: ${other} is ${shown(fields[other])}, which is not supported`);
  const set = [...FIELDS].flatMap(([name, field]) => (fields[field] == null ? [] : [[name, fields[field]]]));
  const settings = resolveFields(where, { ...PEFT_DEFAULTS, ...Object.fromEntries(set) });
  const head = (Object.keys(TASK_TYPES) as HeadName[]).find((head) => TASK_TYPES[head] === task_type);
  const textOf = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  return { settings, base: textOf(base), revision: textOf(revision), head };
}

/** Errors by the names of the file's fields. */
function resolveFields(where: string, settings: LoraSettings): ResolvedLora {
  if (settings.targetModules === undefined) throw new ConfigError(`${where}: target_modules is missing`);
  try {
    return resolveLora(where, settings);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const named = [...FIELDS].reduce(
      (text, [name, field]) => text.replace(`: ${name} is`, `: ${field} is`),
      error.message,
    );
    throw new ConfigError(named, { cause: error });
  }
}

/** Whether a field has a value that means something. */
function isActive(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return value != null && value !== false && value !== "";
}

/** The text of `adapter_config.json` as PEFT writes it. */
export function adapterConfigJson(settings: ResolvedLora, head: HeadName, source: string | undefined): string {
  const [, repository, revision] = /^hf:([^@]+)(?:@(.+))?$/.exec(source ?? "") ?? [];
  const own = [...FIELDS].map(([name, field]) => [field, emptyAsNull(settings[name])] as const);
  const fields: Record<string, unknown> = {
    // Releases of PEFT before 0.14 refuse the field.
    ...Object.fromEntries(own.filter(([field, value]) => field !== "exclude_modules" || value !== null)),
    rank_pattern: settings.rankPattern,
    alpha_pattern: settings.alphaPattern,
    auto_mapping: null,
    base_model_name_or_path: repository ?? source ?? null,
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: settings.initLoraWeights,
    peft_type: "LORA",
    revision: revision ?? null,
    task_type: TASK_TYPES[head] ?? null,
    use_dora: false,
  };
  const names = Object.keys(fields).sort();
  return `${JSON.stringify(Object.fromEntries(names.map((name) => [name, fields[name]])), null, 2)}\n`;
}

const emptyAsNull = (value: unknown): unknown => (Array.isArray(value) && value.length === 0 ? null : value);
