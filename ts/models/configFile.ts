import { ConfigError } from "../errors.js";
import { type Files, fileName, hubHint, isFolderPath } from "../io/files.js";
import { placeholderOf } from "../io/placeholders.js";
import { withoutNaN } from "../io/pythonJson.js";
import { parseStrictJson } from "../io/strictJson.js";
import { platform } from "../platform/index.js";
import { families } from "./families.js";
import { refuseForeignConfig } from "./foreign.js";
import { numberText } from "./labelMaps.js";

/** Fields of a `config.json`, as they stand there. */
export type ConfigFields = Readonly<Record<string, unknown>>;

/** Reads a folder's `config.json`, and checks no more than that it is a configuration. Errors: ConfigError. */
export async function readConfigFile(files: Files): Promise<ConfigFields> {
  const where = fileName(files, "config.json");
  if (!(await files.has("config.json"))) throw await absent(files, where);
  const bytes = await files.read("config.json");
  const other = placeholderOf(bytes);
  if (other !== undefined) throw new ConfigError(`${where} ${other}`);
  const fields = parse(bytes, where);
  refuseForeignConfig(fields, where);
  return withModelType(fields, where);
}

function parse(bytes: Uint8Array, where: string): ConfigFields {
  let text: string;
  let value: unknown;
  try {
    text = withoutNaN(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${where} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new ConfigError(
      `${where} is ${Array.isArray(value) ? "a list" : value === null ? "null" : typeof value}, not an object`,
    );
  }
  return withNumbersAsNames(value as ConfigFields, text);
}

/** The names of classes that are numbers, as Python prints them: 1 and 1.0 are one number in JavaScript. */
function withNumbersAsNames(fields: ConfigFields, text: string): ConfigFields {
  const { id2label } = fields;
  if (typeof id2label !== "object" || id2label === null) return fields;
  if (!Object.values(id2label).some((name) => typeof name === "number")) return fields;
  let exact: ReturnType<typeof parseStrictJson>;
  try {
    exact = parseStrictJson(text);
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
  for (const model_type of ["roformer", "bert"] as const)
    if (String(name).startsWith(families[model_type].className)) return { ...fields, model_type };
  throw new ConfigError(`${where}: model_type is missing; it is one of ${Object.keys(families).join(", ")}`);
}

async function absent(files: Files, where: string): Promise<ConfigError> {
  const { name } = files;
  if (!isFolderPath(name)) return new ConfigError(`${where}: no such file; a model folder has one`, NOT_FOUND);
  if ((await platform.fileSize(name)) !== undefined) return new ConfigError(`${name} is a file, not a model's folder`);
  const meant = (await hubHint(files)) || "; a model folder has one";
  return new ConfigError(`${where}: no such file${meant}`, NOT_FOUND);
}

const NOT_FOUND = { reason: "not-found" } as const;
