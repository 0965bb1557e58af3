import { CheckpointError, ConfigError } from "../errors.js";
import { checkFolder, type Files, isFolderPath, openFiles } from "../io/files.js";
import { holdsWeights } from "../io/formats.js";
import { isTransformer, readModules } from "../io/modules.js";
import { isStaleWeight } from "../platform/index.js";
import { CARD, isOwnCard } from "./modelCard.js";

/** The files of all kinds of tokenizers: those of another one would stay beside the model's own. */
export const TOKENIZERS = [
  ...["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"],
  ...["vocab.txt", "vocab.json", "merges.txt"],
];

/** Weights of a model in any framework that has Hugging Face's folders. */
const ANY_WEIGHTS = /\.(safetensors|bin|pt|h5|msgpack|ckpt|onnx|gguf)(\.index\.json)?$/;

/**
 * Finds out before long work whether a model with files of these names can be saved in a folder, and leaves nothing behind.
 * Errors: CheckpointError; ConfigError for a URL.
 */
export async function checkModelFolder(path: string, names: readonly string[]): Promise<void> {
  requireFolderPath(path);
  await checkFolder(path, names);
  await requireReplaceable(path, names);
}

/** Errors: ConfigError for a URL, to which nothing can be saved, and for an empty text, which would mean the current folder. */
export function requireFolderPath(path: string): void {
  if (path === "") throw new ConfigError('save: the path is empty; the current folder is "."');
  if (!isFolderPath(path)) throw new ConfigError(`save: ${path} is not a folder path`);
}

/** Looks at a folder that seems to hold somebody's files: another process may have been saving there during the first. */
const LOOKS = 5;
const BETWEEN_LOOKS = 50; // milliseconds; a save's last steps take one

/**
 * Replacing an older model or tokenizer is what saving is for; files of the same names that belong to neither are somebody's, and
 * refused. Errors: CheckpointError that names the file.
 */
export async function requireReplaceable(path: string, names: readonly string[]): Promise<void> {
  for (let look = 1; ; look++) {
    const foreign = await foreignFile(openFiles(path), names);
    if (foreign === undefined) return;
    if (look === LOOKS)
      throw new CheckpointError(
        `${path} cannot be written: there is a file ${foreign}, and no model that it belongs to; move it elsewhere or name another folder`,
      );
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
  }
}

async function foreignFile(files: Files, names: readonly string[]): Promise<string | undefined> {
  const held = (await files.list()) ?? [];
  const ofModel = new Set([...names, ...TOKENIZERS, ...held.filter(isStaleWeight)]);
  const found: string[] = [];
  for (const name of ofModel)
    if ((await files.has(name)) && !(name === CARD && isOwnCard(await textIn(files, name)))) found.push(name);
  if (found.length === 0 || (await isModel(files, held))) return undefined;
  const tokenizer = await isTokenizer(files);
  return found.find((name) => !(tokenizer && TOKENIZERS.includes(name)));
}

/**
 * A tokenizer of its own does not belong into a model's folder: the model would be read with it. Errors: CheckpointError that names the
 * folder.
 */
export async function requireNoModel(path: string): Promise<void> {
  const files = openFiles(path);
  if (await isModel(files, (await files.list()) ?? []))
    throw new CheckpointError(
      `${path} holds a model, which would be read with the new tokenizer and be wrong: name another folder`,
    );
}

/**
 * An adapter does not belong into a whole model's folder, which may be its base: the model would be read without it. Errors:
 * CheckpointError that names the folder.
 */
export async function requireNoWholeModel(path: string): Promise<void> {
  if (await holdsWeights(openFiles(path)))
    throw new CheckpointError(
      `${path} holds a whole model; an adapter needs a folder of its own, or { merge: true } to become part of a whole one`,
    );
}

/** A configuration that names a type of model, or an adapter's, and weights; or the modules of sentence-transformers. */
async function isModel(files: Files, held: readonly string[]): Promise<boolean> {
  const { model_type, architectures } = await objectIn(files, "config.json");
  const { peft_type } = await objectIn(files, "adapter_config.json");
  const isNamed = [model_type, peft_type].some((type) => typeof type === "string") || Array.isArray(architectures);
  if (isNamed && held.some((name) => ANY_WEIGHTS.test(name))) return true;
  const modules = await readModules(files).catch(() => undefined);
  return modules?.some(isTransformer) ?? false;
}

/** A vocabulary with the settings that Hugging Face keeps beside it, or all in one file. */
async function isTokenizer(files: Files): Promise<boolean> {
  return (
    (await files.has("tokenizer_config.json")) || typeof (await objectIn(files, "tokenizer.json")).model === "object"
  );
}

const textIn = async (files: Files, name: string): Promise<string> => new TextDecoder().decode(await files.read(name));

/** What a JSON file holds; nothing where there is none, or none that can be read. */
async function objectIn(files: Files, name: string): Promise<Record<string, unknown>> {
  if (!(await files.has(name))) return {};
  try {
    const value: unknown = JSON.parse(await textIn(files, name));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
