import type { RoFormerError, RoFormerErrorOptions } from "../errors.js";
import { type Files, fileName } from "./files.js";
import { placeholderOf } from "./placeholders.js";
import { withoutNaN } from "./pythonJson.js";

/** The class of errors about a file: ConfigError for `config.json`, DataError for a tokenizer's files. */
export type Failure = new (message: string, options?: RoFormerErrorOptions) => RoFormerError;

/** Bytes of a text file that are read at most: more than any tokenizer has, less than a string can hold. */
const LONGEST_TEXT = 2 ** 28;
/** Bytes of a file of settings that are read at most. */
export const LONGEST_SETTINGS = 2 ** 26;

/**
 * The text of a file, without a byte-order mark. Errors: those of `files` while the file is read; `Failure` naming the file for
 * more than `most` bytes and for what is not UTF-8.
 */
export async function readText(files: Files, file: string, Failure: Failure, most = LONGEST_TEXT): Promise<string> {
  const where = fileName(files, file);
  const size = await files.size(file);
  if (size > most) throw new Failure(`${where} has ${size} bytes, more than the ${most} that are read`);
  return decodeText(await files.read(file), where, Failure);
}

/** The value of a JSON file of settings. Errors: as {@link readText}, and `Failure` for what is not JSON. */
export async function readJson(files: Files, file: string, Failure: Failure): Promise<unknown> {
  return parseJson(await readText(files, file, Failure, LONGEST_SETTINGS), fileName(files, file), Failure);
}

/** The object in a JSON file of settings. Errors: as {@link readJson}, and `Failure` for what is not an object. */
export async function readJsonObject(files: Files, file: string, Failure: Failure): Promise<Record<string, unknown>> {
  return requireObject(await readJson(files, file, Failure), fileName(files, file), Failure);
}

/** What `text` says in JSON, or in the JSON that Python writes; `where` begins the message of the `Failure`. */
export function parseJson(text: string, where: string, Failure: Failure): unknown {
  try {
    return JSON.parse(withoutNaN(text));
  } catch (error) {
    throw new Failure(`${where} is not JSON: ${(error as Error).message.replace(/\s+/g, " ")}`, { cause: error });
  }
}

/** `value` if it is an object and not a list; anything else is a `Failure`. */
export function requireObject(value: unknown, where: string, Failure: Failure): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  const kind = Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`;
  throw new Failure(`${where} is ${kind}, not an object`);
}

/** The text of UTF-8 bytes, without a byte-order mark; zero bytes and what is not UTF-8 are a `Failure` naming the line. */
export function decodeText(bytes: Uint8Array, where: string, Failure: Failure): string {
  const other = placeholderOf(bytes);
  if (other !== undefined) throw new Failure(`${where} ${other}`);
  const zero = bytes.indexOf(0);
  if (zero >= 0) throw new Failure(`${where}: line ${lineAt(bytes, zero)} holds a zero byte: the file is not text`);
  const text = utf8(bytes);
  if (text === undefined) throw new Failure(`${where}: line ${firstBadLine(bytes)} is not UTF-8`);
  return text;
}

/** The text of UTF-8 bytes; undefined for bytes that are not UTF-8. */
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
