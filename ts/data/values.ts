import { DataError } from "../errors.js";

/** One row of a data set, and its position. */
export interface Row {
  /** Values by column: strings, or values of JSON or of the caller's objects. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The file's name. */
  readonly file: string;
  /** From 1; the first line if the row spans several. */
  readonly line: number;
  /** For rows from memory: the index in their array. */
  readonly index?: number;
}

/** The position of a row in messages: a file's line, or an index of an array. */
export const placeOf = ({ file, line, index }: Row): string =>
  index === undefined ? `${file}:${line}` : `${file}[${index}]`;

/** Positions that a message names. */
const NAMED = 64;

/** The positions of rows in messages, with each file named once: "a.csv:3, 7; b.csv:1". */
export function placesInWords(rows: readonly Row[]): string {
  const byFile = new Map<string, string[]>();
  for (const row of rows.slice(0, NAMED)) {
    const place = row.index === undefined ? `${row.line}` : `${row.index}`;
    byFile.set(row.file, [...(byFile.get(row.file) ?? []), place]);
  }
  const isIndex = rows[0]?.index !== undefined;
  const named = [...byFile].map(([file, places]) =>
    isIndex ? `${file}[${places.join(", ")}]` : `${file}:${places.join(", ")}`,
  );
  return named.join("; ") + (rows.length > NAMED ? `; and ${rows.length - NAMED} more` : "");
}

/** A row's value as a string. Errors: DataError naming row and column for a value that is not a string, number or boolean. */
export function textOf(row: Row, column: string): string {
  const value = row.values[column];
  // The usual case does not build the position's name.
  return typeof value === "string" ? value : asText(`${placeOf(row)}: ${JSON.stringify(column)}`, value);
}

/** Converts a string, finite number or boolean to a string. Errors: DataError for other values. */
export function asText(where: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new DataError(`${where} is an integer beyond 2^53, which JavaScript cannot represent exactly: quote it`);
  if (Number.isFinite(value) || typeof value === "boolean" || typeof value === "bigint") return String(value);
  throw new DataError(`${where} is ${kind(value)}, not a text`);
}

/** The type of a value, in words. */
export function kind(value: unknown): string {
  if (value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value)))
    return String(value);
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** The items of a list as texts. Errors: DataError that names the item. */
export const asTexts = (where: string, list: readonly unknown[]): string[] =>
  list.map((item, i) => asText(`${where}: item ${i}`, item));

/** A user's string in a message: quoted and shortened. */
export const shown = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
