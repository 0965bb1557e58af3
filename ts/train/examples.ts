import type { LabelSet } from "../data/labels.js";
import { asText } from "../data/objects.js";
import { type Format, type Row, readRows } from "../data/rows.js";
import type { DataSource } from "../data/source.js";
import { ConfigError, DataError } from "../errors.js";
import type { RoFormer } from "../models/roformer.js";
import { sequencesOf } from "../pipelines/batches.js";

/** Labelled texts: a file (path, or bytes with a name), or rows that are there already, as objects of columns. */
export type TextSource = DataSource | readonly Readonly<Record<string, string | number | boolean>>[];

/** Which columns mean what. */
export interface Columns {
  /** Name of the column of texts. */
  readonly text: string;
  /** Name of the column of second texts, where the texts are pairs. */
  readonly textPair?: string | undefined;
  /** Name of the column of labels. */
  readonly label?: string | undefined;
}

/** A text as the model takes it. */
export interface Example {
  readonly ids: ArrayLike<number>;
  readonly typeIds: ArrayLike<number>;
  /** Class, from 0; −1 where labels were not asked for. */
  readonly label: number;
}

/** Rows with the columns named, from a file or from memory; `what` names rows from memory in messages. */
export async function readTexts(source: TextSource, columns: Columns, what: string, format?: Format): Promise<Row[]> {
  const names = [columns.text, columns.textPair, columns.label].filter((name) => name !== undefined);
  if (!Array.isArray(source)) {
    if (typeof source !== "string" && (source as { bytes?: unknown } | undefined)?.bytes === undefined)
      throw new DataError(
        `${what} is ${source === null ? "null" : typeof source}, not a path, rows, or bytes with a name`,
      );
    const rows: Row[] = [];
    for await (const row of readRows(source as DataSource, { columns: names, format })) rows.push(row);
    return rows;
  }
  if (source.length === 0) throw new DataError(`${what} has no rows`);
  return source.map((values, i) => ({ values: textValues(values, names, `${what}[${i}]`), file: what, line: i + 1 }));
}

/** Columns without which nothing can be done are a ConfigError where they are not named. */
export function needColumns(columns: Columns, needed: readonly (keyof Columns)[]): void {
  for (const name of needed) {
    if (typeof columns[name] !== "string")
      throw new ConfigError(`${name} is ${String(columns[name])}, not the name of a column`);
  }
}

function textValues(
  row: Readonly<Record<string, unknown>>,
  names: readonly string[],
  where: string,
): Record<string, string> {
  if (typeof row !== "object" || row === null) throw new DataError(`${where} is ${String(row)}, not a row`);
  return Object.fromEntries(
    names.map((name) => {
      if (!Object.hasOwn(row, name) || row[name] === undefined) {
        throw new DataError(`${where}: no column "${name}"; there are ${Object.keys(row).join(", ")}`, {
          reason: "not-found",
        });
      }
      return [name, asText(`${where}: ${JSON.stringify(name)}`, row[name])];
    }),
  );
}

/** Rows as ids of a model that has a tokenizer, cut to `maxLength` tokens. */
export function encodeRows(
  rows: readonly Row[],
  columns: Columns,
  { tokenizer, config }: RoFormer,
  { maxLength, labels }: { maxLength?: number; labels?: LabelSet },
): Example[] {
  const { text, textPair, label } = columns;
  const encoded = tokenizer!.encodeBatch(
    rows.map(({ values }) => values[text]!),
    {
      ...(textPair !== undefined && { pairs: rows.map(({ values }) => values[textPair]!) }),
      ...(maxLength !== undefined && { maxLength, truncation: true }),
    },
  );
  const where = (i: number) => `${rows[i]!.file}:${rows[i]!.line}`;
  return sequencesOf(encoded, { config }, where).map((sequence, i) => ({
    ...sequence,
    label: labels && label !== undefined ? labels.idOf(rows[i]!, label) : -1,
  }));
}
