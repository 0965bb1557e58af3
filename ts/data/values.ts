import { DataError } from "../errors.js";

/** One row of a data set, and where it stands. */
export interface Row {
  /** Values by column: texts, or what JSON or the caller's objects have. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The file's name. */
  readonly file: string;
  /** From 1; of a row of several lines, the first. */
  readonly line: number;
  /** Of rows from memory: the place in their array, from 0. */
  readonly index?: number;
}

/** Where the user finds a row: a file's line, or a place in an array. */
export const placeOf = ({ file, line, index }: Row): string =>
  index === undefined ? `${file}:${line}` : `${file}[${index}]`;

/** A row's value as a text. Errors: a DataError that names row and column, for what is not a text, number or truth value. */
export function textOf(row: Row, column: string): string {
  const value = row.values[column];
  // The usual case makes no name for the place.
  return typeof value === "string" ? value : asText(`${placeOf(row)}: ${JSON.stringify(column)}`, value);
}

/** A text, a finite number or a truth value as a string; all else is a DataError. */
export function asText(where: string, value: unknown): string {
  if (typeof value === "string") return value;
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    throw new DataError(
      `${where} is a whole number beyond 2^53, of which JavaScript keeps the first digits alone: quote it`,
    );
  if (Number.isFinite(value) || typeof value === "boolean" || typeof value === "bigint") return String(value);
  throw new DataError(`${where} is ${kind(value)}, not a text`);
}

/** What a value is, in words. */
export function kind(value: unknown): string {
  if (value === null || value === undefined || (typeof value === "number" && !Number.isFinite(value)))
    return String(value);
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** A text of the user's in a message: quoted, and not too long. */
export const shown = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
