import { DataError } from "../errors.js";
import { type Files, fileName } from "../io/files.js";
import { readJsonObject } from "../io/json.js";

/** The fields of a `tokenizer_config.json`, unchanged. */
export type TokenizerConfig = Readonly<Record<string, unknown>>;

/** A JSON file with an object, and its name in messages. */
export interface ObjectFile {
  /** Empty if the file does not exist. */
  readonly value: TokenizerConfig;
  readonly file: string;
}

/** Reads a JSON file with an object. Errors: DataError naming the file. */
export async function readObject(files: Files, name: string): Promise<ObjectFile> {
  const file = fileName(files, name);
  if (!(await files.has(name))) return { value: {}, file };
  return { value: (await readJsonObject(files, name, DataError)) as TokenizerConfig, file };
}
