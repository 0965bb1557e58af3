import { VERSION } from "../version.js";

/** Where a score comes from: rows that had a part in the training, by choosing the best epoch, or rows that had none. */
export type Part = "validation" | "test";

/** How the rows of a run were parted. */
export interface Split {
  /** Rows, or tokens of running text, that were trained on. */
  readonly train: number;
  /** Those that chose the best epoch, or scored the held-out text. */
  readonly valid: number;
  /** Those that had no part in the training; undefined where there are none. */
  readonly test?: number | undefined;
  /** Whether the validation rows were held out of the training file, and not a file of their own. */
  readonly heldOut: boolean;
  /** The fold of the training rows that is the test of a run of a cross-validation. */
  readonly fold?: Fold | undefined;
}

/** A fold of a cross-validation. */
export interface Fold {
  /** Its number, from 1. */
  readonly index: number;
  /** Number of folds. */
  readonly of: number;
}

/** What a run says of itself, so that it can be made again. */
export interface RunRecord {
  /** What every random number followed from. */
  readonly seed: number;
  /** The version of this package. */
  readonly version: string;
  /** The settings, those included that followed from the data; learning rate, batch and so on. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Numbers of rows of each part, and where these come from. */
  readonly split: Split;
}

/** The record of a run. `table`: the names of its settings; `sets`: what is set, what comes later counts. */
export function recordOf(table: object, seed: number, split: Split, ...sets: readonly object[]): RunRecord {
  const all: Readonly<Record<string, unknown>> = Object.assign({}, ...sets.map(withoutGaps));
  const named = Object.entries(all).filter(([name, value]) => name in table && name !== "seed" && isPlain(value));
  return { seed, version: VERSION, settings: Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1))), split };
}

const withoutGaps = (set: object): object =>
  Object.fromEntries(Object.entries(set).filter(([, value]) => value !== undefined));

/** Whether a value is as it is written: no files, no functions. */
const isPlain = (value: unknown): boolean =>
  value === null || ["string", "number", "boolean"].includes(typeof value) || isPlainObject(value);

const isPlainObject = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) &&
  Object.values(value).every(isPlain);
