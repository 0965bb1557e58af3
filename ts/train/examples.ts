import { nestedValue } from "../data/nested.js";
import { isParallel, type ParallelFiles, readParallel } from "../data/parallel.js";
import { type FileOptions, readRows } from "../data/rows.js";
import type { DataSource, NamedBytes } from "../data/source.js";
import { placeOf, type Row, textOf } from "../data/values.js";
import { DataError } from "../errors.js";
import type { Model } from "../models/model.js";
import { sequencesOf } from "../pipelines/texts.js";
import type { RowColumns } from "./tasks/columns.js";
import type { Example } from "./tasks/task.js";

/**
 * Labeled texts: a file (path, or bytes with a name), two parallel files, whose columns are `source` and `target`, or rows in memory, as
 * objects with columns of any interface. What columns hold that are not named does not matter.
 */
export type TextSource = DataSource | ParallelFiles | readonly object[];

/** Rows that were read already, with their places. */
interface ReadRows {
  readonly rows: readonly Row[];
}

/** Rows that are kept at once: with their tokens, about what a process of the usual 4 GB can hold. */
const MOST_ROWS = 2 ** 22;

/**
 * Rows with the columns named, from a file or from memory; `what` names rows from memory in messages. Texts are checked; labels
 * are what stands there. `keep`: the rows of a file have its other columns too. Errors: DataError for what is not a text or not there,
 * and for more than 4 million rows.
 */
export async function readTexts(
  source: TextSource | ReadRows,
  { texts, others, keep }: RowColumns & { readonly keep?: boolean },
  what: string,
  { format, separator, quoted }: FileOptions = {},
): Promise<Row[]> {
  const names = [...texts, ...others];
  const rows: Row[] = [];
  const add = (row: Row) => {
    for (const name of texts) textOf(row, name);
    rows.push(row);
  };
  if (Array.isArray(source)) {
    if (source.length === 0) throw new DataError(`${what} has no rows`);
    for (const [index, values] of source.entries()) add(fromMemory(values, names, what, index));
    return rows;
  }
  if (typeof source === "object" && source !== null && "rows" in source) {
    for (const row of source.rows) add(row);
    return rows;
  }
  if (!isParallel(source) && typeof source !== "string" && (source as NamedBytes | undefined)?.bytes === undefined)
    throw new DataError(
      `${what} is ${source === null ? "null" : typeof source}, not a path, rows, bytes with a name, or two files`,
    );
  const read = isParallel(source)
    ? readParallel(source, { columns: names })
    : readRows(source as DataSource, { columns: names, keep, format, separator, quoted });
  for await (const row of read) {
    if (rows.length === MOST_ROWS)
      throw new DataError(`${row.file}: more than ${MOST_ROWS.toLocaleString("en")} rows: split the file`);
    add(row);
  }
  return rows;
}

function fromMemory(values: unknown, names: readonly string[], file: string, index: number): Row {
  const where = `${file}[${index}]`;
  if (typeof values !== "object" || values === null) throw new DataError(`${where} is ${String(values)}, not a row`);
  const others = names.filter((name) => !Object.hasOwn(values, name));
  const nested = others.map((name): [string, unknown] => {
    const found = nestedValue(values, name);
    if (found) return [name, found.value];
    throw new DataError(`${where}: no column "${name}"; there are ${Object.keys(values).join(", ")}`, {
      reason: "not-found",
    });
  });
  const all = nested.length > 0 ? { ...values, ...Object.fromEntries(nested) } : values;
  return { values: all as Record<string, unknown>, file, line: index + 1, index };
}

/** Rows as ids of a model that has a tokenizer, cut to `maxLength` tokens; `labelOf` reads what the model should make of a row. */
export function encodeRows<L>(
  rows: readonly Row[],
  columns: readonly string[],
  { tokenizer, config }: Model,
  { maxLength, labelOf }: { maxLength: number; labelOf: (row: Row) => L },
): Example<L>[] {
  const labels = rows.map(labelOf); // cheap, and wrong more often than texts
  const [texts, pairs] = columns.map((column) => rows.map((row) => textOf(row, column)));
  const encoded = tokenizer!.encodeBatch(texts!, { ...(pairs && { pairs }), ...{ maxLength, truncation: true } });
  const where = (i: number) => placeOf(rows[i]!);
  return sequencesOf(encoded, config, where).map((sequence, i) => ({ sequences: [sequence], label: labels[i]! }));
}
