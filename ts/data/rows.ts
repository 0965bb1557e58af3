import { ConfigError, DataError } from "../errors.js";
import { type Fields, readQuoted, readTabbed, splitLines } from "./delimited.js";
import { asText, type JsonRow, readJsonArray, readJsonLines } from "./objects.js";
import { type DataSource, readBytes, sourceName } from "./source.js";
import { readText, type TextBlock } from "./text.js";

/** One row of a data set: the columns that were asked for, as text, and where it stands. */
export interface Row {
  /** Texts by column. */
  readonly values: Readonly<Record<string, string>>;
  /** The file's name. */
  readonly file: string;
  /** From 1; of a row of several lines, the first. */
  readonly line: number;
}

/** What a file can be read as. A `txt` file has one column, `text`, and a row a line, blank ones included. */
export type Format = "csv" | "tsv" | "jsonl" | "json" | "txt";

/** How rows are to be read. */
export interface ReadOptions {
  /** Overrides the ending of the file's name. */
  readonly format?: Format | undefined;
  /** The columns that are needed; others are left out, and may be broken. Without it, all. */
  readonly columns?: readonly string[] | undefined;
  /**
   * Whether fields may be quoted, as RFC 4180 has it: true for csv, false for tsv, where quotes are plain characters, as in
   * GLUE's files (QUOTE_NONE).
   */
  readonly quoted?: boolean | undefined;
  /** The columns' names, for a csv or tsv file whose first row is none of names. */
  readonly header?: readonly string[] | undefined;
}

type Read = (name: string, blocks: AsyncIterable<TextBlock>, options: ReadOptions) => AsyncIterable<Row>;

const formats: Readonly<Record<Format, Read>> = {
  csv: (name, blocks, options) => table(name, readTable(name, blocks, options, ",", true), options),
  tsv: (name, blocks, options) => table(name, readTable(name, blocks, options, "\t", false), options),
  jsonl: (name, blocks, options) => objects(name, readJsonLines(name, blocks), options),
  json: (name, blocks, options) => objects(name, readJsonArray(name, blocks), options),
  txt: lines,
};

/**
 * The rows of a file, gzip or not, one after another. Errors are DataErrors "file:line: what": a column that is not there, a
 * row of another width, an open quote, broken JSON, a null, bytes that are no UTF-8, a file without rows.
 */
export async function* readRows(source: DataSource, options: ReadOptions = {}): AsyncGenerator<Row> {
  const name = sourceName(source);
  const format = options.format ?? (typeof source === "object" ? source.format : undefined) ?? formatOf(name);
  if (!Object.hasOwn(formats, format))
    throw new ConfigError(`format is ${format}, not one of ${Object.keys(formats).join(", ")}`);
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

/** The format that a file's name tells by its ending, `.gz` left aside. */
function formatOf(name: string): Format {
  const ending = /\.([^./\\]+)(?:\.gz)?$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  if (Object.hasOwn(formats, ending)) return ending as Format;
  if (ending === "ndjson") return "jsonl";
  throw new DataError(`${name}: the ending tells no format; name one of ${Object.keys(formats).join(", ")}`);
}

const readTable = (
  name: string,
  blocks: AsyncIterable<TextBlock>,
  options: ReadOptions,
  delimiter: string,
  quoted: boolean,
) => ((options.quoted ?? quoted) || delimiter !== "\t" ? readQuoted(name, blocks, delimiter) : readTabbed(blocks));

async function* table(
  name: string,
  rows: AsyncIterable<Fields>,
  { columns, header }: ReadOptions,
): AsyncGenerator<Row> {
  let names = header;
  let wanted: [string, number][] | undefined = names && wantedColumns(name, names, columns);
  for await (const { fields, line } of rows) {
    if (names === undefined || wanted === undefined) {
      names = fields.map((field) => field.trim());
      wanted = wantedColumns(`${name}:${line}`, names, columns);
      continue;
    }
    const where = `${name}:${line}`;
    if (fields.length !== names.length) {
      throw new DataError(`${where}: ${count(fields.length, "field")}, but the header has ${names.length}`);
    }
    if (names.length > 1 && header === undefined && fields.every((field, i) => field.trim() === names![i])) {
      throw new DataError(`${where}: the header once more, in the midst of the rows`);
    }
    yield { values: Object.fromEntries(wanted.map(([column, i]) => [column, fields[i]!])), file: name, line };
  }
}

/** The columns that are asked for, with their places; one that is absent, or there twice, is a DataError. */
function wantedColumns(where: string, names: readonly string[], columns = names): [string, number][] {
  for (const column of columns) {
    if (!names.includes(column)) throw noColumn(where, column, names);
    if (names.indexOf(column) !== names.lastIndexOf(column))
      throw new DataError(`${where}: two columns are named ${JSON.stringify(column)}`);
  }
  return columns.map((column) => [column, names.indexOf(column)]);
}

async function* objects(name: string, rows: AsyncIterable<JsonRow>, { columns }: ReadOptions): AsyncGenerator<Row> {
  for await (const { object, line } of rows) {
    const where = `${name}:${line}`;
    const values = (columns ?? Object.keys(object)).map((column): [string, string] => {
      if (!Object.hasOwn(object, column)) throw noColumn(where, column, Object.keys(object));
      return [column, asText(`${where}: ${JSON.stringify(column)}`, object[column])];
    });
    yield { values: Object.fromEntries(values), file: name, line };
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

function noColumn(where: string, column: string, names: readonly string[]): DataError {
  const shown = names.slice(0, 20).map((name) => JSON.stringify(name.slice(0, 80)));
  return new DataError(
    `${where}: no column ${JSON.stringify(column)}; there are ${shown.join(", ")}${names.length > 20 ? ", …" : ""}`,
    { reason: "not-found" },
  );
}

const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? "" : "s"}`;
