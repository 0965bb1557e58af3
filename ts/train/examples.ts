import type { LabelSet } from "../data/labels.js";
import { type Format, type Row, readRows } from "../data/rows.js";
import type { DataSource } from "../data/source.js";
import { DataError } from "../errors.js";
import { sequences } from "../models/classify.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";

/** Labelled texts: a file (path, or bytes with a name), or rows that are there already. */
export type TextSource = DataSource | readonly Readonly<Record<string, string | number | boolean>>[];

/** Which columns mean what. */
export interface Columns {
  readonly text: string;
  /** Second text of a pair. */
  readonly textPair?: string | undefined;
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
    const rows: Row[] = [];
    for await (const row of readRows(source as DataSource, { columns: names, format })) rows.push(row);
    return rows;
  }
  if (source.length === 0) throw new DataError(`${what} has no rows`);
  return source.map((values, i) => ({ values: textValues(values, names, `${what}[${i}]`), file: what, line: i + 1 }));
}

function textValues(
  row: Readonly<Record<string, unknown>>,
  names: readonly string[],
  where: string,
): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const value = row[name];
      if (value === undefined || value === null) {
        throw new DataError(`${where}: no column "${name}"; there are ${Object.keys(row).join(", ")}`);
      }
      return [name, String(value)];
    }),
  );
}

/** Rows as ids, cut to `maxLength` tokens. */
export function encodeRows(
  rows: readonly Row[],
  columns: Columns,
  tokenizer: Tokenizer,
  { maxLength, labels }: { maxLength?: number; labels?: LabelSet },
): Example[] {
  const { text, textPair, label } = columns;
  const encoded = tokenizer.encodeBatch(
    rows.map(({ values }) => values[text]!),
    {
      ...(textPair !== undefined && { pairs: rows.map(({ values }) => values[textPair]!) }),
      ...(maxLength !== undefined && { maxLength, truncation: true }),
    },
  );
  return sequences(encoded).map((sequence, i) => ({
    ...sequence,
    label: labels && label !== undefined ? labels.idOf(rows[i]!, label) : -1,
  }));
}
