import * as v from "valibot";
import { ConfigError } from "../errors.js";
import { misspelt } from "../misspelt.js";
import { oneOf } from "../nn/fieldTypes.js";
import type { Same } from "../nn/same.js";
import type { FamilyConfig, FamilyConfigInput } from "./configFields.js";
import { fields } from "./configSchema.js";
import type { ModelType } from "./families/index.js";
import { familyOf, modelTypes } from "./families.js";
import { withRopeParameters } from "./rotarySettings.js";

export type {
  LabelName,
  LabelNames,
  RoFormerExtension,
  RoFormerExtensionInput,
} from "./configFields.js";
export { labelNames, numLabels } from "./labels.js";

/**
 * What `RoFormer.create` takes: any of the fields of Hugging Face's RoFormerConfig and BertConfig; the rest have its defaults.
 * Fields of other names are kept, but one that looks like a misspelling is refused.
 */
export interface RoFormerConfigInput extends FamilyConfigInput {
  /** The model's class. "roformer_js" is what `transformers` has no class for. Default: "roformer". */
  model_type?: ModelType | undefined;
}

/** A model's configuration: Hugging Face's fields, complete, and whatever else the file held. */
export interface RoFormerConfig extends FamilyConfig {
  /** The model's class. */
  model_type: ModelType;
}

const common = { model_type: v.optional(oneOf(modelTypes), "roformer"), ...fields };
const configSchema = v.looseObject(common, "an object");

/** What the schema infers has to be what is documented. */
type Input = Same<RoFormerConfigInput, v.InferInput<typeof configSchema>>;
type Output = Same<RoFormerConfig, v.InferOutput<typeof configSchema>>;

/** Fields that other releases of transformers write and that look like a misspelling of one that is read. */
const OTHER_RELEASES = ["eos_token_ids", "_num_labels"];

/**
 * Checks a configuration that somebody wrote for this library: a field that looks like a misspelling is refused. `where` names
 * the configuration in errors; `defaults` are other ones than Hugging Face's. Errors: ConfigError that names the field.
 */
export function parseConfig(value: unknown, where = "config", defaults: RoFormerConfigInput = {}): RoFormerConfig {
  const config = parseFields(value, where, defaults);
  refuseMisspelt(value as object, where);
  const { num_labels, id2label } = config;
  const named = Object.keys(id2label ?? {}).length;
  if (id2label && num_labels != null && named !== num_labels)
    throw new ConfigError(`${where}: num_labels is ${num_labels}, but id2label names ${named} classes`);
  const problem = conflict(config);
  if (problem) throw new ConfigError(`${where}: ${problem}`);
  return config;
}

/**
 * Checks the configuration of a saved model. Other programs, and other releases of transformers, have fields of their own:
 * these are kept, whatever they are called. Errors: ConfigError that names the field.
 */
export function parseSavedConfig(value: unknown, where: string): RoFormerConfig {
  const config = parseFields(value, where);
  const problem = conflict(config);
  const hint = misspeltHint(value as object);
  if (problem) throw new ConfigError(`${where}: ${problem}${hint && `; ${hint}`}`);
  return config;
}

/** Checks single fields of a configuration, to be put into a whole one. Errors: ConfigError that names the field. */
export function checkFields(value: unknown, where: string): void {
  parseFields(value, where);
  refuseMisspelt(value as object, where);
}

/** Which field of a configuration is likely to be misspelled, in words; "" if none. */
export function misspeltHint(value: object): string {
  const given = Object.keys(value).filter((name) => !OTHER_RELEASES.includes(name));
  const wrong = misspelt(given, Object.keys({ ...common, ...familyOf(value).fields }));
  return wrong ? `${wrong.got} is not a field of a model: did you mean ${wrong.meant}?` : "";
}

function refuseMisspelt(value: object, where: string): void {
  const hint = misspeltHint(value);
  if (hint) throw new ConfigError(`${where}: ${hint}`);
}

/** Checks each field by itself, and fills in the defaults. */
function parseFields(value: unknown, where: string, defaults: RoFormerConfigInput = {}): RoFormerConfig {
  if (!isObject(value)) throw new ConfigError(`${where} is ${shown(value)}, not an object`);
  const { roformer_js } = value as Input;
  const family = familyOf(value);
  // valibot takes a list for an object.
  if (roformer_js !== undefined && !isObject(roformer_js))
    throw new ConfigError(`${where}: roformer_js is ${shown(roformer_js)}, not an object`);
  const all = { ...defaults, ...family.defaults, ...value };
  const schema = family.fields ? v.looseObject({ ...common, ...family.fields }, "an object") : configSchema;
  const result = v.safeParse(schema, withRopeParameters(all));
  if (!result.success) throw new ConfigError(problem(where, result.issues[0]));
  return result.output as Output;
}

/** True for `{…}`, of any realm, and not for lists, maps and the like. */
const isObject = (value: unknown): value is object => Object.prototype.toString.call(value) === "[object Object]";

/** Which fields do not go together, in words that go on after the file's name. */
function conflict(config: RoFormerConfig): string | undefined {
  const { num_attention_heads: heads, hidden_size, pad_token_id, vocab_size } = config;
  if (hidden_size % heads !== 0) return `hidden_size ${hidden_size} is not a multiple of num_attention_heads ${heads}`;
  if (pad_token_id !== null && pad_token_id >= vocab_size)
    return `pad_token_id is ${pad_token_id}, not below vocab_size ${vocab_size}`;
  if (config.add_cross_attention && !config.is_decoder) return "add_cross_attention needs is_decoder";
  return familyOf(config).conflict(config);
}

/** One line: which field, what it is, what it should be. */
function problem(where: string, issue: { readonly input: unknown; readonly message: string }): string {
  const path = v.getDotPath(issue as Parameters<typeof v.getDotPath>[0]);
  if (path && issue.input === undefined) return `${where}: ${path} is missing`;
  const got = shown(issue.input);
  return path ? `${where}: ${path} is ${got}, not ${issue.message}` : `${where} is ${got}, not ${issue.message}`;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  const text = isObject(value) || typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.slice(0, 60);
}
