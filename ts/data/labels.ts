import { DataError } from "../errors.js";
import { placeOf, type Row, shown, textOf } from "./values.js";

/** Maximum number of classes: more are probably texts, ids or numbers. */
const MOST_CLASSES = 1000;

/** The labels of a task, in the order of their ids. */
export interface LabelSet {
  readonly names: readonly string[];
  /** The id of a name, ignoring surrounding whitespace; undefined if it is unknown. */
  find(name: string): number | undefined;
  /** The id of a name in a row. Errors: DataError for an unknown one. */
  idOfName(name: string, row: Row): number;
  /** The id of a row's label. Errors: as {@link labelOf}, and DataError for an unknown one. */
  idOf(row: Row, column: string): number;
}

/** Options of a label set. */
export interface LabelOptions {
  /**
   * How to treat a label that occurs once: "error" if the rows will be split, as only one part could have it; "allow"
   * if there is a separate validation file.
   */
  readonly once?: "error" | "allow" | undefined;
}

/** A row's label, trimmed. Errors: DataError for an empty one, and those of {@link textOf}. */
export function labelOf(row: Row, column: string): string {
  const label = textOf(row, column).trim();
  if (label === "") throw new DataError(`${placeOf(row)}: the label in ${JSON.stringify(column)} is empty`);
  return label;
}

/**
 * The labels in `column` of the training rows, sorted: by value if all are numbers, else as text in which digits are compared as
 * numbers. Errors: DataError for an empty label, one that occurs once, a single label for all rows, and more than 1,000 labels.
 */
export function labelsOf(rows: readonly Row[], column: string, { once = "error" }: LabelOptions = {}): LabelSet {
  const firstRow = new Map<string, Row>();
  const repeated = new Set<string>();
  for (const row of rows) {
    const label = labelOf(row, column);
    if (firstRow.has(label)) repeated.add(label);
    else firstRow.set(label, row);
  }
  const file = rows[0]?.file ?? "training";
  refuseTooMany(file, column, firstRow.size);
  const single = once === "error" && [...firstRow].find(([label]) => !repeated.has(label));
  if (single) {
    const [label, row] = single;
    throw new DataError(
      `${placeOf(row)}: the label ${shown(label)} occurs once; a label needs two rows, or a separate validation file`,
    );
  }
  if (firstRow.size < 2)
    throw new DataError(
      `${file}: every row has the same label in ${JSON.stringify(column)}: there is nothing to learn`,
    );
  return labelSet([...firstRow.keys()].sort(compareLabels));
}

/** Refuses a column with more different labels than a classifier is likely to have. Errors: DataError. */
export function refuseTooMany(file: string, column: string, labels: number): void {
  if (labels > MOST_CLASSES)
    throw new DataError(
      `${file}: ${JSON.stringify(column)} has ${labels} different labels, more than ${MOST_CLASSES}: is this the label column?`,
    );
}

/**
 * A label set from names in the order of their ids, as in a config's `id2label`. `others`: ids of further names
 * (`label2id`). If all names are `LABEL_0`, `LABEL_1`, …, plain numbers match them too.
 */
export function labelSet(names: readonly string[], others?: Readonly<Record<string, number>> | null): LabelSet {
  const ids = new Map(names.map((name, id) => [name, id]));
  const add = (name: string, id: number) => {
    if (!ids.has(name) && Number.isInteger(id) && id >= 0 && id < names.length) ids.set(name, id);
  };
  for (const [name, id] of Object.entries(others ?? {})) add(name, id);
  for (const [name, id] of [...ids]) add(name.trim(), id);
  const areNumbered = names.every((name, id) => name === `LABEL_${id}`);
  // pandas writes 1.0 for 1 in a column that has gaps.
  if (areNumbered) for (const id of names.keys()) for (const name of [`${id}`, `${id}.0`]) add(name, id);
  const find = (name: string) => ids.get(name) ?? ids.get(name.trim());
  const idOfName = (name: string, row: Row) => find(name) ?? unknown(name, row, names);
  return { names, find, idOfName, idOf: (row, column) => idOfName(labelOf(row, column), row) };
}

function unknown(name: string, row: Row, names: readonly string[]): never {
  const known = names.slice(0, 20).map(shown).join(", ");
  throw new DataError(
    `${placeOf(row)}: unknown label ${shown(name)}; known are ${known}${names.length > 20 ? ", …" : ""}`,
  );
}

/**
 * The labels in the order of a model's labels, if both are the same set: names by id, as in the data. This keeps what a trained model
 * has learned. Undefined for different sets.
 */
export function inOrderOf(own: LabelSet, { names }: LabelSet): LabelSet | undefined {
  const ordered = new Map(names.map((name) => [own.find(name), name]));
  if (names.length !== own.names.length || ordered.size !== names.length || ordered.has(undefined)) return undefined;
  return labelSet(own.names.map((_, id) => ordered.get(id)!));
}

/** Compares labels: runs of digits by value, the rest by code units, independent of locale. */
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
