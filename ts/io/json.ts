import type { RoFormerError, RoFormerErrorOptions } from "../errors.js";
import { type Files, fileName } from "./files.js";
import { placeholderOf } from "./placeholders.js";
import { withoutNaN } from "./pythonJson.js";

/** The class of errors about a file: ConfigError for `config.json`, DataError for a tokenizer's files. */
export type Failure = new (message: string, options?: RoFormerErrorOptions) => RoFormerError;

/** Maximum size of a text file, in bytes: more than any tokenizer has, less than a string can hold. */
const LONGEST_TEXT = 2 ** 28;
/** Maximum size of a settings file, in bytes. */
export const LONGEST_SETTINGS = 2 ** 26;

/**
 * The text of a file, without a byte-order mark. Errors: those of `files` while reading; `Failure` naming the file for
 * more than `most` bytes and for invalid UTF-8.
 */
export async function readText(files: Files, file: string, Failure: Failure, most = LONGEST_TEXT): Promise<string> {
  const where = fileName(files, file);
  const size = await files.size(file);
  if (size > most) throw new Failure(`${where} has ${size} bytes; the maximum is ${most}`);
  return decodeText(await files.read(file), where, Failure);
}

/** The value of a JSON settings file. Errors: as {@link readText}, and `Failure` for invalid JSON. */
export async function readJson(files: Files, file: string, Failure: Failure): Promise<unknown> {
  return parseJson(await readText(files, file, Failure, LONGEST_SETTINGS), fileName(files, file), Failure);
}

/** The object in a JSON settings file. Errors: as {@link readJson}, and `Failure` for any other value. */
export async function readJsonObject(files: Files, file: string, Failure: Failure): Promise<Record<string, unknown>> {
  return requireObject(await readJson(files, file, Failure), fileName(files, file), Failure);
}

/** Parses JSON, or JSON as Python writes it; `where` begins the message of the `Failure`. */
export function parseJson(text: string, where: string, Failure: Failure): unknown {
  try {
    return JSON.parse(withoutNaN(text));
  } catch (error) {
    throw new Failure(`${where} is not JSON: ${(error as Error).message.replace(/\s+/g, " ")}`, { cause: error });
  }
}

/** Returns `value` if it is an object and not a list. Errors: `Failure`. */
export function requireObject(value: unknown, where: string, Failure: Failure): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  const kind = Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`;
  throw new Failure(`${where} is ${kind}, not an object`);
}

/** Decodes UTF-8 without a byte-order mark. Errors: `Failure` naming the line, for zero bytes and invalid UTF-8. */
export function decodeText(bytes: Uint8Array, where: string, Failure: Failure): string {
  const other = placeholderOf(bytes);
  if (other !== undefined) throw new Failure(`${where} ${other}`);
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw new Failure(`${where}: line ${lineAt(bytes, zero)} holds a zero byte: the file is not text`);
  const text = utf8(bytes);
  if (text === undefined) throw new Failure(`${where}: line ${firstBadLine(bytes)} is not UTF-8`);
  return text;
}

/** Decodes UTF-8; undefined if the bytes are invalid. */
export function utf8(bytes: Uint8Array, { keepMark = false } = {}): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: keepMark }).decode(bytes);
  } catch {
    return undefined;
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
    if (utf8(bytes.subarray(at, end < 0 ? bytes.length : end)) === undefined || end < 0) return line;
    at = end + 1;
  }
}
