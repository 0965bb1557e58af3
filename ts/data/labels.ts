import { DataError } from "../errors.js";
import type { Row } from "./rows.js";

/** Classes more than this are no labels but texts, ids or numbers. */
const MOST_CLASSES = 1000;

/** The labels of a task, in the order of their ids. */
export interface LabelSet {
  readonly names: readonly string[];
  /** The id of a row's label; one that training did not know is a DataError. */
  idOf(row: Row, column: string): number;
}

/** What a label set is to be like. */
export interface LabelOptions {
  /**
   * What a label that occurs once is: "error" where the rows are going to be split, as no other part could have it; "allow"
   * where a file of its own is there to validate with.
   */
  readonly once?: "error" | "allow";
}

/**
 * The labels in `column` of the training rows, sorted: by value if all are numbers, else as texts in which numbers count as
 * numbers. A label that is empty or occurs once, a single label for all rows, and more than 1,000 are DataErrors.
 */
export function labelsOf(rows: readonly Row[], column: string, { once = "error" }: LabelOptions = {}): LabelSet {
  const firstRow = new Map<string, Row>();
  const repeated = new Set<string>();
  for (const row of rows) {
    const label = row.values[column]!;
    if (label.trim() === "")
      throw new DataError(`${row.file}:${row.line}: the label in ${JSON.stringify(column)} is empty`);
    if (firstRow.has(label)) repeated.add(label);
    else firstRow.set(label, row);
  }
  const file = rows[0]?.file ?? "training";
  if (firstRow.size > MOST_CLASSES) {
    throw new DataError(
      `${file}: ${JSON.stringify(column)} has ${firstRow.size} different labels, more than ${MOST_CLASSES}: is it the label's column?`,
    );
  }
  const single = once === "error" && [...firstRow].find(([label]) => !repeated.has(label));
  if (single) {
    const [label, row] = single;
    throw new DataError(
      `${row.file}:${row.line}: the label ${shown(label)} occurs once; a label needs two rows, or a file of its own to validate with`,
    );
  }
  if (firstRow.size < 2)
    throw new DataError(`${file}: every row has the same label in ${JSON.stringify(column)}: nothing to tell apart`);
  return labelSet([...firstRow.keys()].sort(compareLabels));
}

/** A label set from names in the order of their ids, as a config has them. */
export function labelSet(names: readonly string[]): LabelSet {
  const ids = new Map(names.map((name, id) => [name, id]));
  return {
    names,
    idOf: ({ values, file, line }, column) => {
      const id = ids.get(values[column]!);
      if (id !== undefined) return id;
      const known = names.slice(0, 20).map(shown).join(", ");
      throw new DataError(
        `${file}:${line}: unknown label ${shown(values[column]!)}; known are ${known}${names.length > 20 ? ", …" : ""}`,
      );
    },
  };
}

/** Order of labels: runs of digits by their value, the rest by code units, so it is the same in every language. */
export function compareLabels(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (x < y || x > y) return x - y;
  const [as, bs] = [a.split(/(\d+)/), b.split(/(\d+)/)];
  for (let i = 0; i < Math.min(as.length, bs.length); i++) {
    const difference = i % 2 === 1 ? Number(as[i]) - Number(bs[i]) : 0;
    if (difference !== 0) return difference;
    if (as[i] !== bs[i]) return as[i]! < bs[i]! ? -1 : 1;
  }
  return as.length - bs.length;
}

const shown = (label: string): string => JSON.stringify(label.length > 80 ? `${label.slice(0, 80)}…` : label);
