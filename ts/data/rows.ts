import { ConfigError, DataError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { readConll } from "./conll.js";
import type { Format } from "./format.js";
import { nestedValue } from "./nested.js";
import { type JsonRow, readJson, readJsonLines, readSquad } from "./objects.js";
import { readParquet } from "./parquet.js";
import { randomAccess } from "./randomAccess.js";
import { type DataSource, readBytes, sourceName } from "./source.js";
import { noColumn, readTable, type TableOptions } from "./table.js";
import { readText, splitLines, type TextBlock } from "./text.js";
import type { Row } from "./values.js";

export type { Row } from "./values.js";

/** Options for reading files. */
export interface FileOptions extends Pick<TableOptions, "quoted" | "separator"> {
  /** Format of the files. Default: by file extension. */
  readonly format?: Format | undefined;
}

/** Options for reading rows. */
export interface ReadOptions extends TableOptions, FileOptions {}

const READ: Names<ReadOptions> = {
  format: true,
  columns: true,
  quoted: true,
  header: true,
  separator: true,
  keep: true,
};

type Read = (name: string, blocks: AsyncIterable<TextBlock>, options: ReadOptions) => AsyncIterable<Row>;

/** Formats of text. */
const formats: Readonly<Record<Exclude<Format, "parquet">, Read>> = {
  csv: (name, blocks, options) => readTable(name, blocks, options, { separator: undefined, quoted: true }),
  tsv: (name, blocks, options) => readTable(name, blocks, options, { separator: "\t", quoted: false }),
  jsonl: (name, blocks, options) => objects(name, readJsonLines(name, blocks), options),
  json: (name, blocks, options) => objects(name, readJson(name, blocks), options),
  txt: lines,
  conll: (name, blocks, options) => someColumns(readConll(name, blocks), options),
  squad: (name, blocks, options) => objects(name, readSquad(name, blocks), options),
};

/** Formats by file extension. */
const extensions: Readonly<Record<string, Format>> = {
  csv: "csv",
  tsv: "tsv",
  jsonl: "jsonl",
  ndjson: "jsonl",
  json: "json",
  txt: "txt",
  conll: "conll",
  iob: "conll",
  iob2: "conll",
  bio: "conll",
  parquet: "parquet",
};

const NAMES: readonly string[] = [...Object.keys(formats), "parquet"];

/**
 * The rows of a file, compressed with gzip or not. Values are strings, or JSON values for JSON, JSON Lines and Parquet; {@link Format}
 * has those of CoNLL and SQuAD files. Where values are objects, the column "a.b" is the field "b" of the column "a". Errors: DataError "file:line: what" for a missing column, a row of another width,
 * an open quote, broken JSON, invalid UTF-8, and a file without rows; ConfigError for an invalid option.
 */
export async function* readRows(source: DataSource, options: ReadOptions = {}): AsyncGenerator<Row> {
  checkOptions("readRows", options, READ);
  const name = sourceName(source);
  const format = options.format ?? (typeof source === "object" ? source.format : undefined) ?? formatOf(name);
  if (!NAMES.includes(format)) throw new ConfigError(`format is ${format}, not one of ${NAMES.join(", ")}`);
  if (format === "parquet") {
    const all = readParquet(await randomAccess(source), options.keep ? undefined : options.columns);
    return yield* someColumns(all, options);
  }
  let bytes = 0;
  const counted = async function* () {
    for await (const piece of readBytes(source)) {
      bytes += piece.length;
      yield piece;
    }
  };
  let rows = 0;
  for await (const row of formats[format](name, readText(name, counted()), options)) {
    rows++;
    yield row;
  }
  if (bytes === 0) throw new DataError(`${name} is empty`);
  if (rows === 0) throw new DataError(`${name} has no rows`);
}

/** The format by a file's extension, ignoring `.gz` and `.zst`. */
function formatOf(name: string): Format {
  const extension = /\.([^./\\]+)(?:\.(?:gz|zst))?$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  if (Object.hasOwn(extensions, extension)) return extensions[extension]!;
  throw new DataError(`${name}: unknown file extension; give a format, one of ${NAMES.join(", ")}`);
}

async function* objects(name: string, rows: AsyncIterable<JsonRow>, options: ReadOptions): AsyncGenerator<Row> {
  const all = async function* () {
    for await (const { object, line } of rows) yield { values: object, file: name, line };
  };
  yield* someColumns(all(), options);
}

/** Rows with these columns, and with the others if these are kept. Errors: DataError for a column that a row does not have. */
async function* someColumns(rows: AsyncIterable<Row>, { columns, keep }: ReadOptions): AsyncGenerator<Row> {
  for await (const row of rows) {
    if (columns === undefined) {
      yield row;
      continue;
    }
    const { values, file, line } = row;
    const found = columns.map((column): [string, unknown] => {
      const value = Object.hasOwn(values, column) ? { value: values[column] } : nestedValue(values, column);
      if (value === undefined) throw noColumn(`${file}:${line}`, column, Object.keys(values));
      return [column, value.value];
    });
    const own = Object.fromEntries(found);
    yield { ...row, values: keep ? { ...values, ...own } : own };
  }
}

async function* lines(
  name: string,
  blocks: AsyncIterable<TextBlock>,
  { columns = ["text"] }: ReadOptions,
): AsyncGenerator<Row> {
  const other = columns.find((column) => column !== "text");
  if (other !== undefined) throw noColumn(name, other, ["text"]);
  for await (const block of blocks) {
    for (const [i, text] of splitLines(block.text).entries())
      yield { values: { text }, file: name, line: block.line + i };
  }
}
