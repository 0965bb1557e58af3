import { InvalidArgumentError } from "commander";
import { stringify } from "csv-stringify/sync";
import { checkFile, saveFile } from "../io/files.js";
import { UsageError } from "./command.js";
import { path } from "./option.js";

/** Formats of files of rows, by ending. */
const ENDING = /\.(csv|tsv|jsonl|ndjson)$/i;

/** Rows that are put into one text at once. */
const TOGETHER = 4096;

/** The path of a file of rows: csv, tsv or jsonl. */
export function rowFile(value: unknown): string {
  const file = path(value);
  if (!ENDING.test(file))
    throw new InvalidArgumentError(`${JSON.stringify(file)} does not end with .csv, .tsv or .jsonl.`);
  return file;
}

/** Refuses a path that is not of a file of rows, or cannot be written. Errors: UsageError, and those of {@link checkFile}. */
export async function checkRowFile(file: string): Promise<void> {
  if (!ENDING.test(file)) throw new UsageError(`--out: ${JSON.stringify(file)} does not end with .csv, .tsv or .jsonl`);
  await checkFile(file);
}

/** Writes rows, whose columns begin with those of `like`: in csv and tsv with a header, quotes where a value needs them, and lists and objects as JSON. Errors: DataError. */
export async function writeRows(file: string, rows: readonly object[], like: object = {}): Promise<void> {
  const isJson = /\.(jsonl|ndjson)$/i.test(file);
  await saveFile(file, isJson ? jsonLines(rows) : table([like, ...rows], /\.tsv$/i.test(file) ? "\t" : ","));
}

/** `row` with further columns. A name that the row has gets `prefix` before it, so that nothing of the row is lost. */
export function withColumns(row: object, more: object, prefix: string): object {
  const name = (own: string): string => (Object.hasOwn(row, own) ? name(`${prefix}_${own}`) : own);
  return { ...row, ...Object.fromEntries(Object.entries(more).map(([own, value]) => [name(own), value])) };
}

function* jsonLines(rows: readonly object[]): Generator<Uint8Array> {
  for (const some of groups(rows)) yield bytes(some.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

/** The first row only names columns. */
function* table(rows: readonly object[], delimiter: string): Generator<Uint8Array> {
  const columns = [...new Set(rows.flatMap(Object.keys))];
  const cells = (row: object) => columns.map((column) => (row as Record<string, unknown>)[column]);
  const text = (all: readonly (readonly unknown[])[]) =>
    stringify(all as unknown[][], { delimiter, cast: { boolean: String } });
  yield bytes(text([columns]));
  for (const some of groups(rows.slice(1))) yield bytes(text(some.map(cells)));
}

function* groups(rows: readonly object[]): Generator<readonly object[]> {
  for (let from = 0; from < rows.length; from += TOGETHER) yield rows.slice(from, from + TOGETHER);
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
