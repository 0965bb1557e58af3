import { ConfigError, ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { ratio, samePairs } from "./pairs.js";

/**
 * How values of classes are averaged, by scikit-learn's names: their mean, the mean weighted by support, from total counts, or
 * only class 1.
 */
export type Average = "macro" | "weighted" | "micro" | "binary";

/** Options of precision, recall and F1. */
export interface AverageOptions {
  /** Default: `macro`, over the classes that occur in predictions or labels. */
  readonly average?: Average | undefined;
}

const AVERAGE: Names<AverageOptions> = { average: true };

/** The metrics of one class. */
export interface ClassReport {
  /** Its id. */
  readonly label: number;
  /** Share of its predictions that are right, 0 … 1. */
  readonly precision: number;
  /** Share of its rows that were found, 0 … 1. */
  readonly recall: number;
  /** Harmonic mean of both, 0 … 1. */
  readonly f1: number;
  /** Number of rows with this label. */
  readonly support: number;
}

/** Options of {@link confusionMatrix}. */
export interface ConfusionOptions {
  /**
   * Number of classes.
   * @default one more than the highest id that occurs
   */
  readonly numLabels?: number | undefined;
}

const CONFUSION: Names<ConfusionOptions> = { numLabels: true };

/** Class ids, integers from 0, one per row. */
export type Ids = ArrayLike<number>;

/** Share of correct predictions, 0 … 1. Errors: ShapeError. */
export function accuracy(predictions: Ids, labels: Ids): number {
  const n = samePairs("accuracy", predictions, labels);
  return Array.from(labels).filter((label, i) => label === predictions[i]).length / n;
}

/**
 * Precision: share of a class's predictions that are right, 0 … 1; 0 without predictions (scikit-learn's `zero_division=0`).
 * Errors: ShapeError, ConfigError.
 */
export const precision = (predictions: Ids, labels: Ids, options?: AverageOptions): number =>
  averaged("precision", predictions, labels, options, ({ hits, predicted }) => ratio(hits, predicted));

/** Recall: share of a class's rows that were found, 0 … 1; 0 without rows. Errors: ShapeError, ConfigError. */
export const recall = (predictions: Ids, labels: Ids, options?: AverageOptions): number =>
  averaged("recall", predictions, labels, options, ({ hits, actual }) => ratio(hits, actual));

/** Harmonic mean of precision and recall by class, 0 … 1; 0 if both are 0. Errors: ShapeError, ConfigError. */
export const f1 = (predictions: Ids, labels: Ids, options?: AverageOptions): number =>
  averaged("f1", predictions, labels, options, ({ hits, predicted, actual }) => ratio(2 * hits, predicted + actual));

/**
 * Precision, recall, F1 and support of each class that occurs, sorted by id (scikit-learn's). Errors: ShapeError.
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
 * Confusion matrix: how often each label (rows) was predicted as each class (columns), `[numLabels][numLabels]`. Errors: ShapeError for an id out of range.
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
 * Matthews' correlation coefficient, for any number of classes (Gorodkin 2004), −1 … 1; 0 if only one class occurs on a
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
  /** Number of rows of the class that were predicted as such. */
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

/** Averages the scores of all classes. */
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
