import { DataError } from "../errors.js";
import { type Files, fileName } from "../io/files.js";
import { readJsonObject } from "../io/json.js";

/** The fields of a `tokenizer_config.json`, as they stand in the file. */
export type TokenizerConfig = Readonly<Record<string, unknown>>;

/** A file that holds an object, and what messages call it. */
export interface ObjectFile {
  /** Empty where there is no such file. */
  readonly value: TokenizerConfig;
  readonly file: string;
}

/** Reads a JSON file that holds an object. Errors: DataError naming the file. */
export async function readObject(files: Files, name: string): Promise<ObjectFile> {
  const file = fileName(files, name);
  if (!(await files.has(name))) return { value: {}, file };
  return { value: (await readJsonObject(files, name, DataError)) as TokenizerConfig, file };
}
