import { ConfigError } from "../errors.js";
import { type Files, fileName, isInside } from "./files.js";
import { readJson } from "./json.js";

/** A module of a sentence-transformers folder, as `modules.json` lists it. */
export interface ModuleEntry {
  /** The name of its class: "Transformer", "Pooling". */
  readonly name: string;
  /** The class as spelled in the file: "sentence_transformers.models.Pooling". */
  readonly type: string;
  /** The folder of its files; "" for the model's folder. */
  readonly path: string;
}

/** Classes that load a transformer; the second is the name of 2019. */
const TRANSFORMERS = ["Transformer", "BERT"];

/** Whether a module computes token states with a transformer. */
export const isTransformer = ({ name, type }: ModuleEntry): boolean => isKnown(type) && TRANSFORMERS.includes(name);

/** Whether a class belongs to sentence-transformers, not to code beside a model. */
export const isKnown = (type: string): boolean => type.startsWith("sentence_transformers.");

/**
 * The modules of a sentence-transformers folder, in order; undefined for other folders. Errors: ConfigError for a
 * `modules.json` that is not a list of modules.
 */
export async function readModules(files: Files): Promise<readonly ModuleEntry[] | undefined> {
  // A hub names the commit in its first response: request a file that nearly all models have.
  await files.has("config.json");
  if (!(await files.has("modules.json"))) return undefined;
  const where = fileName(files, "modules.json");
  const list = await readJson(files, "modules.json", ConfigError);
  if (!Array.isArray(list) || list.length === 0) throw new ConfigError(`${where} is not a list of modules`);
  return list.map((entry: { type?: unknown; path?: unknown } | null, i) => {
    const { type, path: given } = entry ?? {};
    if (typeof type !== "string") throw new ConfigError(`${where}: module ${i} has no type`);
    const path = typeof given === "string" ? given.replace(/^\.\/|^\.$|\/+$/g, "") : undefined;
    if (path === undefined || (path !== "" && !isInside(path)))
      throw new ConfigError(
        `${where}: the path of module ${i} is ${JSON.stringify(given)}, not a folder in the model's`,
      );
    return { name: type.slice(type.lastIndexOf(".") + 1), type, path };
  });
}

/** The files of the folder with a model's transformer and tokenizer: {@link readModules} may name one below `files`. */
export async function transformerFiles(files: Files): Promise<Files> {
  return transformerFolder(files, await readModules(files));
}

/** {@link transformerFiles} for modules that have been read. Errors: ConfigError for a folder without a transformer. */
export async function transformerFolder(files: Files, modules: readonly ModuleEntry[] | undefined): Promise<Files> {
  const [first] = modules ?? [];
  if (first === undefined) return files;
  if (isTransformer(first)) return subfolder(files, first.path);
  if (await files.has("config.json")) return files;
  throw new ConfigError(
    `${fileName(files, "modules.json")}: the first module is ${first.name}, which is not supported; a Transformer is`,
  );
}

/** A folder below another. */
export function subfolder(files: Files, path: string): Files {
  if (path === "") return files;
  const at = (file: string) => `${path}/${file}`;
  return {
    name: fileName(files, path),
    has: (file) => files.has(at(file)),
    size: (file) => files.size(at(file)),
    read: (file) => files.read(at(file)),
    readRange: (file, start, end) => files.readRange(at(file), start, end),
    list: async () => undefined,
  };
}
