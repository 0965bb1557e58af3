import { DataError } from "../errors.js";
import { type Files, fileName } from "../io/files.js";
import { placeholderOf } from "../io/placeholders.js";
import { withoutNaN } from "../io/pythonJson.js";
import type { TokenizerConfig } from "./specials.js";

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
  const text = decodeText(await files.read(name), file);
  let value: unknown;
  try {
    value = JSON.parse(withoutNaN(text));
  } catch (error) {
    throw new DataError(`${file}: is not JSON: ${(error as Error).message}`, { cause: error });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DataError(`${file}: holds ${Array.isArray(value) ? "an array" : JSON.stringify(value)}, not an object`);
  }
  return { value: value as TokenizerConfig, file };
}

/** UTF-8 without its byte-order mark. Errors: DataError naming the first line that is not text. */
export function decodeText(bytes: Uint8Array, file: string): string {
  const other = placeholderOf(bytes);
  if (other !== undefined) throw new DataError(`${file} ${other}`);
  const nul = bytes.indexOf(0);
  if (nul >= 0) throw new DataError(`${file}: line ${lineAt(bytes, nul)} holds a zero byte: the file is not text`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DataError(`${file}: line ${firstBadLine(bytes)} is not UTF-8`, { cause: error });
  }
}

const NEWLINE = 10;

function lineAt(bytes: Uint8Array, at: number): number {
  let line = 1;
  for (let i = 0; i < at; i++) if (bytes[i] === NEWLINE) line++;
  return line;
}

function firstBadLine(bytes: Uint8Array): number {
  for (let line = 1, at = 0; ; line++) {
    const end = bytes.indexOf(NEWLINE, at);
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(at, end < 0 ? bytes.length : end));
    } catch {
      return line;
    }
    if (end < 0) return line;
    at = end + 1;
  }
}
