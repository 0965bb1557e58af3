import { ConfigError, DataError } from "../errors.js";
import { type Fields, fitsQuoted, readQuoted, readUnquoted } from "./delimited.js";
import { checkSeparator, findSeparator } from "./separator.js";
import type { TextBlock } from "./text.js";
import { type Row, shown } from "./values.js";

/** Options for reading a delimited file. */
export interface TableOptions {
  /** The columns to read; others are ignored, even if they are broken. Default: all. */
  readonly columns?: readonly string[] | undefined;
  /** Whether the other columns are read too: `columns` says which there must be. Default: false. */
  readonly keep?: boolean | undefined;
  /**
   * Whether fields may be quoted (RFC 4180); whitespace after a closing quote is dropped. Default: true for csv, false for tsv,
   * where quotes are plain characters, as in GLUE's files (Python's `csv.QUOTE_NONE`).
   */
  readonly quoted?: boolean | undefined;
  /**
   * The character between fields. Default: a tab for tsv. For csv a comma; if the header has none outside quotes, a tab or else a
   * semicolon, if the header then includes all `columns`.
   */
  readonly separator?: string | undefined;
  /** The columns' names, for a csv or tsv file whose first row is not a header. */
  readonly header?: readonly string[] | undefined;
}

/** A format's defaults. */
interface Layout {
  readonly separator: string | undefined;
  readonly quoted: boolean;
}

/** The rows of a delimited file. Errors: see {@link readRows}. */
export async function* readTable(
  name: string,
  blocks: AsyncIterable<TextBlock>,
  options: TableOptions,
  layout: Layout,
): AsyncGenerator<Row> {
  checkSeparator(options.separator);
  const { quoted = layout.quoted, header, columns } = options;
  if (typeof quoted !== "boolean") throw new ConfigError(`quoted is ${JSON.stringify(quoted)}, not true or false`);
  const separator = options.separator ?? layout.separator;
  const found = separator === undefined && header === undefined ? await findSeparator(blocks, columns) : undefined;
  const parted = { separator: separator ?? found?.separator ?? ",", blocks: found?.blocks ?? blocks };
  const rows = quoted
    ? readQuoted(name, parted.blocks, parted.separator)
    : readUnquoted(parted.blocks, parted.separator);
  yield* new Table(name, options, parted.separator).rows(rows);
}

/** Fields of rows as values of columns. */
class Table {
  readonly #name: string;
  readonly #options: TableOptions;
  readonly #separator: string;

  constructor(name: string, options: TableOptions, separator: string) {
    this.#name = name;
    this.#options = options;
    this.#separator = separator;
  }

  async *rows(rows: AsyncIterable<Fields>): AsyncGenerator<Row> {
    const { header } = this.#options;
    let names = header;
    let wanted = names && this.#wanted(this.#name, names);
    for await (const row of rows) {
      const { fields, line } = row;
      if (names === undefined || wanted === undefined) {
        names = fields.map((field) => field.trim());
        wanted = this.#wanted(`${this.#name}:${line}`, names);
        continue;
      }
      if (fields.length !== names.length) throw this.#wrongWidth(row, names.length);
      if (names.length > 1 && header === undefined && fields.every((field, i) => field.trim() === names![i]))
        throw new DataError(`${this.#name}:${line}: the header occurs again among the rows`);
      yield { values: Object.fromEntries(wanted.map(([column, i]) => [column, fields[i]!])), file: this.#name, line };
    }
  }

  /** The requested columns and their positions. Errors: DataError for a missing or duplicate one. */
  #wanted(where: string, names: readonly string[]): [string, number][] {
    const places = new Map<string, number>();
    const repeated = new Set<string>();
    for (const [i, name] of names.entries()) {
      if (places.has(name)) repeated.add(name);
      else places.set(name, i);
    }
    const { columns = names, keep } = this.#options;
    const found = columns.map((column): [string, number] => {
      const place = places.get(column);
      if (place === undefined) throw noColumn(where, column, names, this.#otherSeparator(column, names));
      if (repeated.has(column)) throw new DataError(`${where}: two columns are named ${shown(column)}`);
      return [column, place];
    });
    if (!keep) return found;
    const wanted = new Set(columns);
    const others = [...places].filter(([name]) => !wanted.has(name) && !repeated.has(name));
    return [...found, ...others].sort(([, a], [, b]) => a - b);
  }

  /** A hint if the header has the column with another separator. */
  #otherSeparator(column: string, names: readonly string[]): string {
    const line = names.join(this.#separator);
    const other = [",", ";", "\t", "|"].find(
      (one) =>
        one !== this.#separator &&
        line.includes(one) &&
        line.split(one).some((name) => name.trim().replace(/^"(.*)"$/, "$1") === column),
    );
    return other === undefined
      ? ""
      : `; ${JSON.stringify(other)} would separate it: set the separator (--separator, separator)`;
  }

  #wrongWidth({ fields, line, ahead }: Fields, width: number): DataError {
    const n = fields.length;
    const what = `${this.#name}:${line}: ${n} field${n === 1 ? "" : "s"}, but the header has ${width}`;
    if (ahead && fitsQuoted(ahead(), this.#separator, width))
      return new DataError(`${what}; a field begins with a quote: --quoted (quoted: true) reads quoted fields`);
    if (!ahead && fields.some((field) => /^\s+"/.test(field)))
      return new DataError(`${what}; a quote counts only at the start of a field: remove the space before it`);
    return new DataError(what);
  }
}

/** The error for a missing column. */
export function noColumn(where: string, column: string, names: readonly string[], hint = ""): DataError {
  const some = names.slice(0, 20).map(shown).join(", ");
  return new DataError(
    `${where}: no column ${shown(column)}; there are ${some}${names.length > 20 ? ", …" : ""}${hint}`,
    { reason: "not-found" },
  );
}
