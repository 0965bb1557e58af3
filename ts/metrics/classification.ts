import { ConfigError, ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { ratio, samePairs } from "./pairs.js";

/**
 * How the classes' values are made one, by scikit-learn's names: their mean, the mean by support, from all counts together, or
 * class 1 alone.
 */
export type Average = "macro" | "weighted" | "micro" | "binary";

/** Options of precision, recall and F1. */
export interface AverageOptions {
  /** Default: `macro`. Its classes are those that occur in predictions or labels. */
  readonly average?: Average | undefined;
}

const AVERAGE: Names<AverageOptions> = { average: true };

/** What is known of one class. */
export interface ClassReport {
  /** Its id. */
  readonly label: number;
  /** Of what was predicted to be of it, the share that is, 0 … 1. */
  readonly precision: number;
  /** Of what is of it, the share that was found, 0 … 1. */
  readonly recall: number;
  /** Harmonic mean of both, 0 … 1. */
  readonly f1: number;
  /** Rows whose label it is. */
  readonly support: number;
}

/** Options of {@link confusionMatrix}. */
export interface ConfusionOptions {
  /**
   * Classes in all.
   * @default one more than the highest id that occurs
   */
  readonly numLabels?: number | undefined;
}

const CONFUSION: Names<ConfusionOptions> = { numLabels: true };

/** Classes by their ids, whole numbers from 0, one a row. */
export type Ids = ArrayLike<number>;

/** Share of the predictions that are the label, 0 … 1. Errors: ShapeError. */
export function accuracy(predictions: Ids, labels: Ids): number {
  const n = samePairs("accuracy", predictions, labels);
  return Array.from(labels).filter((label, i) => label === predictions[i]).length / n;
}

/**
 * Of what was predicted to be a class, the share that is, 0 … 1; 0 where nothing was (scikit-learn's `zero_division=0`).
 * Errors: ShapeError, ConfigError.
 */
export const precision = (predictions: Ids, labels: Ids, options?: AverageOptions): number =>
  averaged("precision", predictions, labels, options, ({ hits, predicted }) => ratio(hits, predicted));

/** Of what is of a class, the share that was found, 0 … 1; 0 where nothing is. Errors: ShapeError, ConfigError. */
export const recall = (predictions: Ids, labels: Ids, options?: AverageOptions): number =>
  averaged("recall", predictions, labels, options, ({ hits, actual }) => ratio(hits, actual));

/** Harmonic mean of precision and recall, class by class, 0 … 1; 0 where both are. Errors: ShapeError, ConfigError. */
export const f1 = (predictions: Ids, labels: Ids, options?: AverageOptions): number =>
  averaged("f1", predictions, labels, options, ({ hits, predicted, actual }) => ratio(2 * hits, predicted + actual));

/**
 * Precision, recall, F1 and support of each class that occurs, in order of the classes (scikit-learn's). Errors: ShapeError.
 */
export function classificationReport(predictions: Ids, labels: Ids): ClassReport[] {
  return [...countClasses("classificationReport", predictions, labels)].map(([label, { hits, predicted, actual }]) => ({
    label,
    precision: ratio(hits, predicted),
    recall: ratio(hits, actual),
    f1: ratio(2 * hits, predicted + actual),
    support: actual,
  }));
}

/**
 * How often each label (rows) was predicted as each (columns), `[numLabels][numLabels]`. Errors: ShapeError for an id beyond.
 */
export function confusionMatrix(predictions: Ids, labels: Ids, options: ConfusionOptions = {}): number[][] {
  checkOptions("confusionMatrix", options, CONFUSION);
  const n = samePairs("confusionMatrix", predictions, labels);
  const size =
    options.numLabels ?? 1 + [...Array.from(predictions), ...Array.from(labels)].reduce((a, b) => Math.max(a, b), 0);
  const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (let i = 0; i < n; i++) {
    const [row, column] = [labels[i]!, predictions[i]!];
    const fits = [row, column].every((id) => Number.isInteger(id) && id >= 0 && id < size);
    if (!fits) throw new ShapeError(`confusionMatrix: row ${i}`, [row, column], `two ids below ${size}`);
    matrix[row]![column]!++;
  }
  return matrix;
}

/**
 * Matthews' correlation coefficient, for any number of classes (Gorodkin 2004), −1 … 1; 0 where one class only occurs on a
 * side. Errors: ShapeError.
 */
export function matthews(predictions: Ids, labels: Ids): number {
  const n = samePairs("matthews", predictions, labels);
  const classes = [...countClasses("matthews", predictions, labels).values()];
  const sum = (of: (one: ClassCounts) => number) => classes.reduce((total, one) => total + of(one), 0);
  const covariance = n * sum(({ hits }) => hits) - sum(({ predicted, actual }) => predicted * actual);
  const spread = (n * n - sum(({ predicted }) => predicted ** 2)) * (n * n - sum(({ actual }) => actual ** 2));
  return ratio(covariance, Math.sqrt(spread));
}

interface ClassCounts {
  /** Rows that are of the class and were predicted to be. */
  hits: number;
  predicted: number;
  actual: number;
}

function countClasses(metric: string, predictions: Ids, labels: Ids): Map<number, ClassCounts> {
  const n = samePairs(metric, predictions, labels);
  const found = new Map<number, ClassCounts>();
  for (const id of [...new Set([...Array.from(predictions), ...Array.from(labels)])].sort((a, b) => a - b)) {
    found.set(id, { hits: 0, predicted: 0, actual: 0 });
  }
  for (let i = 0; i < n; i++) {
    found.get(predictions[i]!)!.predicted++;
    found.get(labels[i]!)!.actual++;
    if (predictions[i] === labels[i]) found.get(labels[i]!)!.hits++;
  }
  return found;
}

type Score = (counts: ClassCounts) => number;

/** One number from the scores of all classes. */
const averages: Readonly<Record<Average, (classes: ReadonlyMap<number, ClassCounts>, score: Score) => number>> = {
  macro: (classes, score) => [...classes.values()].reduce((sum, one) => sum + score(one), 0) / classes.size,
  weighted: (classes, score) => {
    const all = [...classes.values()];
    return ratio(
      all.reduce((sum, one) => sum + one.actual * score(one), 0),
      all.reduce((sum, one) => sum + one.actual, 0),
    );
  },
  micro: (classes, score) => {
    const total: ClassCounts = { hits: 0, predicted: 0, actual: 0 };
    for (const { hits, predicted, actual } of classes.values()) {
      total.hits += hits;
      total.predicted += predicted;
      total.actual += actual;
    }
    return score(total);
  },
  binary: (classes, score) => score(classes.get(1) ?? { hits: 0, predicted: 0, actual: 0 }),
};

function averaged(metric: string, predictions: Ids, labels: Ids, options: AverageOptions = {}, score: Score): number {
  checkOptions(metric, options, AVERAGE);
  const { average = "macro" } = options;
  if (!Object.hasOwn(averages, average))
    throw new ConfigError(`${metric}: average is ${average}, not one of ${Object.keys(averages).join(", ")}`);
  return averages[average](countClasses(metric, predictions, labels), score);
}
