import { type FileOptions, readRows } from "../data/rows.js";
import { placeOf, type Row, textOf } from "../data/values.js";
import { platform } from "../platform/index.js";
import { readTexts } from "../train/examples.js";
import { UsageError } from "./command.js";
import { dataSource, fileOptions } from "./dataOptions.js";
import { type OptionSpec, path, text, whole } from "./option.js";

/** Options of commands that read texts: arguments, a file, or lines of standard input. */
export const textOptions: readonly OptionSpec[] = [
  { flags: "--data <file>", help: "file of texts, instead of arguments", parse: path },
  { flags: "--text <column>", help: "column of the texts", parse: text },
  ...fileOptions,
  { flags: "--max-length <tokens>", help: "maximum tokens of a text (default: as in training)", parse: whole(3) },
];

/** The option for the column of second texts. */
export const pairOption: OptionSpec = {
  flags: "--text-pair <column>",
  help: "column of second texts, for pairs",
  parse: text,
};

/** Maximum texts computed together, so that results of a long stream do not wait for its end. */
const GROUP = 1024;

/** The texts of a command, and the second texts if there are any. */
export interface TextInputs {
  readonly texts: string[];
  readonly pairs?: string[];
  /** All columns of their rows, if these are wanted; undefined for arguments and lines. */
  readonly rows?: readonly object[];
  /** Names a text's file and line in errors; undefined for arguments. */
  readonly where?: (index: number) => string;
}

/**
 * The texts of `command`: `words`, those of --data FILE, or lines of standard input (-). Lines are grouped as they
 * arrive, so that a program at the other end of the pipe gets a result for each line; other texts form one group. Errors:
 * UsageError, and DataError for a file, before anything is computed.
 */
export async function readGroups(
  command: string,
  given: Record<string, unknown>,
  words: readonly string[],
  signal: AbortSignal,
  { keep = false }: { readonly keep?: boolean } = {},
): Promise<Iterable<TextInputs> | AsyncIterable<TextInputs>> {
  if (given.data !== undefined) {
    if (words.length > 0) throw new UsageError(`${command} takes texts or --data FILE, not both`);
    return [await readColumns(command, given, signal, { keep })];
  }
  if (words.length === 0) throw new UsageError(`${command} needs texts, --data FILE or - for standard input`);
  if (given.textPair !== undefined || given.text !== undefined)
    throw new UsageError("--text and --text-pair name columns of --data FILE");
  if (words.length > 1 && words.includes("-"))
    throw new UsageError(`${command} takes texts, or - for standard input, not both`);
  return words[0] === "-" ? linesOfInput(signal) : [{ texts: [...words] }];
}

async function* linesOfInput(signal: AbortSignal): AsyncGenerator<TextInputs> {
  const rows = readRows(dataSource("-", signal), { format: "txt" });
  for await (const group of arrived(rows))
    yield { texts: group.map((row) => textOf(row, "text")), where: placesOf(group) };
}

/** Groups `items`: each group has the items available without waiting, at most {@link GROUP}. */
async function* arrived<T>(items: AsyncIterator<T>): AsyncGenerator<T[]> {
  const WAITING = Symbol("waiting");
  for (let next = items.next(), group: T[] = []; ; group = []) {
    const pause = platform.turn().then(() => WAITING);
    let item: IteratorResult<T> | symbol = await next;
    while (typeof item !== "symbol" && !item.done) {
      group.push(item.value);
      next = items.next();
      item = group.length === GROUP ? WAITING : await Promise.race([next, pause]);
    }
    if (group.length > 0) yield group;
    if (typeof item !== "symbol" && item.done) return;
  }
}

/** The columns of --data FILE. */
export async function readColumns(
  command: string,
  given: Record<string, unknown>,
  signal: AbortSignal,
  { keep = false }: { readonly keep?: boolean } = {},
): Promise<TextInputs> {
  // Plain lines have one column, whose name is fixed.
  const isPlain = given.format === "txt" || (given.format === undefined && /\.txt(\.gz)?$/.test(String(given.data)));
  if (given.text === undefined && !isPlain) throw new UsageError(`${command} --data needs --text COLUMN`);
  const { text = "text", textPair } = given as { text?: string; textPair?: string };
  const columns = { texts: textPair === undefined ? [text] : [text, textPair], others: [], keep };
  const rows = await readTexts(dataSource(given.data as string, signal), columns, "data", given as FileOptions);
  const texts = rows.map((row) => textOf(row, text));
  const where = placesOf(rows);
  const kept = keep ? { rows: rows.map(({ values }) => values) } : {};
  return textPair === undefined
    ? { texts, where, ...kept }
    : { texts, where, ...kept, pairs: rows.map((row) => textOf(row, textPair)) };
}

/** Names the positions of rows: file and line. */
export const placesOf =
  (rows: readonly Row[]) =>
  (index: number): string =>
    placeOf(rows[index]!);

/** A text on one line. */
export const oneLine = (words: string): string => words.replace(/\s+/g, " ");
