import { DataError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { readRows } from "./rows.js";
import { type DataSource, type NamedBytes, sourceName } from "./source.js";
import { noColumn } from "./table.js";
import { kind, type Row } from "./values.js";

/** Two text files, plain or compressed, of which line n of one says what line n of the other says: a translation, a summary. */
export interface ParallelFiles {
  /** The file of the source texts. */
  readonly source: DataSource;
  /** The file of the target texts, with as many lines. */
  readonly target: DataSource;
}

const FILES: Names<ParallelFiles> = { source: true, target: true };

/** Options for reading two files. */
export interface ParallelOptions {
  /** The columns that there must be. Default: none. */
  readonly columns?: readonly string[] | undefined;
}

const OPTIONS: Names<ParallelOptions> = { columns: true };

/** Whether a value names two files. */
export const isParallel = (value: unknown): value is ParallelFiles =>
  typeof value === "object" && value !== null && "source" in value && "target" in value;

/**
 * The lines of two files as rows with the columns `source` and `target`, blank lines included; a row's `file` is the source's. Lines end with
 * LF, CRLF or CR. Errors: DataError that names the file for what is not text or not there, for another column, and for different numbers of
 * lines, with both; ConfigError.
 */
export async function* readParallel(files: ParallelFiles, options: ParallelOptions = {}): AsyncGenerator<Row> {
  checkOptions("readParallel", files, FILES, "field");
  checkOptions("readParallel", options, OPTIONS);
  const { source, target } = files;
  for (const [side, file] of Object.entries({ source, target }))
    if (typeof file !== "string" && (file as NamedBytes | undefined)?.bytes === undefined)
      throw new DataError(`readParallel: the ${side} is ${kind(file)}, not a path or bytes with a name`);
  const missing = options.columns?.find((column) => !Object.hasOwn(FILES, column));
  if (missing !== undefined)
    throw noColumn(`${sourceName(source)} and ${sourceName(target)}`, missing, Object.keys(FILES));
  if (typeof source === "string" && source === target)
    throw new DataError(`${source} is both the source and the target: they must be two files`);
  const sides = [source, target].map((file) => readRows(file, { format: "txt" })) as [Lines, Lines];
  try {
    for (let line = 1; ; line++) {
      const [one, other] = await Promise.all([sides[0].next(), sides[1].next()]);
      if (one.done && other.done) return;
      if (one.done || other.done) throw await unequal(files, line - 1, one.done === true, sides[one.done ? 1 : 0]);
      const values = { source: one.value.values.text, target: other.value.values.text };
      yield { values, file: one.value.file, line };
    }
  } finally {
    for (const side of sides) await side.return(undefined);
  }
}

type Lines = AsyncGenerator<Row>;

/** The error for files of which `both` lines were read of each, and one more of that which has not ended. */
async function unequal(files: ParallelFiles, both: number, isShort: boolean, longer: Lines): Promise<DataError> {
  let rest = 1;
  for await (const _ of longer) rest++;
  const [source, target] = isShort ? [both, both + rest] : [both + rest, both];
  const [one, other] = [files.source, files.target].map(sourceName);
  return new DataError(
    `${one} has ${inWords(source)}, ${other} has ${inWords(target)}: parallel files must have as many, since line n belongs to line n`,
  );
}

const inWords = (lines: number): string => (lines === 1 ? "1 line" : `${lines.toLocaleString("en")} lines`);
