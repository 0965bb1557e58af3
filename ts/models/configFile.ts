import { ConfigError } from "../errors.js";
import { type Files, fileName, hubHint, isFile, isFolderPath } from "../io/files.js";
import { LONGEST_SETTINGS, parseJson, readText, requireObject } from "../io/json.js";
import { withoutNaN } from "../io/pythonJson.js";
import { parseStrictJson } from "../io/strictJson.js";
import { families, modelTypes } from "./families.js";
import { refuseForeignConfig } from "./foreign.js";
import { numberText } from "./labelMaps.js";

/** Fields of a `config.json`, as they stand there. */
export type ConfigFields = Readonly<Record<string, unknown>>;

/**
 * The configuration of a model with an adapter, in the adapter's folder. Under the name `config.json`, transformers would take the folder for a
 * whole model.
 */
export const ADAPTED_CONFIG = "model_config.json";

/** Reads a folder's `config.json`, or that of an adapter's model, and checks no more than that it is a configuration. Errors: ConfigError. */
export async function readConfigFile(files: Files): Promise<ConfigFields> {
  const { where, text, fields } = await readFields(files);
  refuseForeignConfig(fields, where);
  return withModelType(withoutInt8(withNumbersAsNames(fields, text), where), where);
}

/** Whether a folder's configuration says that its weights are int8. Errors: ConfigError. */
export async function saysInt8(files: Files): Promise<boolean> {
  const { fields } = await readFields(files);
  return fields.model_type === INT8_TYPE && (fields.roformer_js as ConfigFields | null | undefined)?.dtype === "int8";
}

/** The fields as they stand in the file, which is called `where`. */
async function readFields(files: Files): Promise<{ where: string; text: string; fields: ConfigFields }> {
  const file = (await files.has("config.json")) ? "config.json" : ADAPTED_CONFIG;
  if (file === ADAPTED_CONFIG && !(await files.has(file))) throw await absent(files, fileName(files, "config.json"));
  const where = fileName(files, file);
  const text = await readText(files, file, ConfigError, LONGEST_SETTINGS);
  return { where, text, fields: requireObject(parseJson(text, where, ConfigError), where, ConfigError) };
}

/**
 * The `model_type` of a folder with int8 weights. transformers has no such class, and so refuses the folder instead of taking bytes for
 * weights.
 */
export const INT8_TYPE = "roformer_js";

/** The configuration of a folder with int8 weights as that of the model in f32, whose type stands under `roformer_js`. */
function withoutInt8(fields: ConfigFields, where: string): ConfigFields {
  const { model_type, roformer_js } = fields;
  if (model_type !== INT8_TYPE || typeof roformer_js !== "object" || roformer_js === null) return fields;
  const { dtype, model_type: own, ...others } = roformer_js as ConfigFields;
  if (dtype === undefined) return fields;
  if (dtype !== "int8") throw new ConfigError(`${where}: roformer_js.dtype is ${JSON.stringify(dtype)}, not "int8"`);
  if (!modelTypes.some((type) => type === own))
    throw new ConfigError(
      `${where}: roformer_js.model_type is ${JSON.stringify(own)}, not one of ${modelTypes.join(", ")}`,
    );
  const { roformer_js: _, ...rest } = fields;
  return { ...rest, model_type: own, ...(Object.keys(others).length > 0 && { roformer_js: others }) };
}

/** The names of classes that are numbers, as Python prints them: 1 and 1.0 are one number in JavaScript. */
function withNumbersAsNames(fields: ConfigFields, text: string): ConfigFields {
  const { id2label } = fields;
  if (typeof id2label !== "object" || id2label === null) return fields;
  if (!Object.values(id2label).some((name) => typeof name === "number")) return fields;
  let exact: ReturnType<typeof parseStrictJson>;
  try {
    exact = parseStrictJson(withoutNaN(text));
  } catch {
    return fields; // a field twice, say: numbers are then JavaScript's
  }
  const names = exact instanceof Map ? exact.get("id2label") : undefined;
  const written = (id: string) => numberText(names instanceof Map ? names.get(id) : (names as [])[Number(id)]);
  const named = Object.entries(id2label).map(([id, name]) => [id, written(id) ?? name]);
  return { ...fields, id2label: Object.fromEntries(named) };
}

/** Before its release 3, transformers wrote no `model_type`: the class tells it, if there is one. */
function withModelType(fields: ConfigFields, where: string): ConfigFields {
  if (Object.hasOwn(fields, "model_type")) return fields;
  const [name] = Array.isArray(fields.architectures) ? fields.architectures : [];
  for (const model_type of modelTypes)
    if (String(name).startsWith(families[model_type].className)) return { ...fields, model_type };
  throw new ConfigError(`${where}: model_type is missing; it is one of ${modelTypes.join(", ")}`);
}

async function absent(files: Files, where: string): Promise<ConfigError> {
  const { name } = files;
  if (!isFolderPath(name)) return new ConfigError(`${where}: no such file; a model folder has one`, NOT_FOUND);
  if (await isFile(name)) return new ConfigError(`${name} is a file, not a model's folder`);
  const meant = (await hubHint(files)) || "; a model folder has one";
  return new ConfigError(`${where}: no such file${meant}`, NOT_FOUND);
}

const NOT_FOUND = { reason: "not-found" } as const;
