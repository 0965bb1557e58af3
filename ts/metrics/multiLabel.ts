import { ShapeError } from "../errors.js";
import type { ClassReport } from "./classification.js";
import { ratio, samePairs } from "./pairs.js";

/** For each label, whether the row has it: 0 or 1, or a boolean. */
export type Indicators = ArrayLike<number | boolean>;

/** Precision, recall and F1. */
export interface F1Scores {
  /** 0 … 1; 0 without predictions. */
  readonly precision: number;
  /** 0 … 1; 0 without rows of the label. */
  readonly recall: number;
  /** Harmonic mean of both, 0 … 1. */
  readonly f1: number;
}

/** Metrics of multi-label predictions. */
export interface MultiLabelReport {
  /** Share of rows whose labels are all right, 0 … 1. */
  readonly subsetAccuracy: number;
  /** From the total counts of all labels. */
  readonly micro: F1Scores;
  /** Means over labels. */
  readonly macro: F1Scores;
  /** The scores of each label, in order of ids. */
  readonly labels: readonly ClassReport[];
}

/**
 * Precision, recall and F1 of multi-label rows, `[rows][labels]` (scikit-learn's for multilabel indicators, with
 * `zero_division=0`). Errors: ShapeError.
 */
export function multiLabelReport(predictions: readonly Indicators[], labels: readonly Indicators[]): MultiLabelReport {
  const n = samePairs("multiLabelReport", predictions, labels);
  const width = labels[0]!.length;
  const counts = Array.from({ length: width }, () => ({ hits: 0, predicted: 0, actual: 0 }));
  let right = 0;
  for (let row = 0; row < n; row++) {
    for (const list of [predictions[row]!, labels[row]!])
      if (list.length !== width) throw new ShapeError(`multiLabelReport: row ${row}`, list.length, `${width} labels`);
    let isRight = true;
    for (const [label, count] of counts.entries()) {
      const [predicted, actual] = [Boolean(predictions[row]![label]), Boolean(labels[row]![label])];
      if (predicted) count.predicted++;
      if (actual) count.actual++;
      if (predicted && actual) count.hits++;
      isRight &&= predicted === actual;
    }
    if (isRight) right++;
  }
  const reports = counts.map((count, label) => ({ label, ...scores(count), support: count.actual }));
  const sum = (of: (count: Counts) => number) => counts.reduce((total, count) => total + of(count), 0);
  const mean = (of: (report: F1Scores) => number) =>
    ratio(
      reports.reduce((total, report) => total + of(report), 0),
      width,
    );
  return {
    subsetAccuracy: right / n,
    micro: scores({ hits: sum((c) => c.hits), predicted: sum((c) => c.predicted), actual: sum((c) => c.actual) }),
    macro: { precision: mean((r) => r.precision), recall: mean((r) => r.recall), f1: mean((r) => r.f1) },
    labels: reports,
  };
}

interface Counts {
  readonly hits: number;
  readonly predicted: number;
  readonly actual: number;
}

const scores = ({ hits, predicted, actual }: Counts): F1Scores => ({
  precision: ratio(hits, predicted),
  recall: ratio(hits, actual),
  f1: ratio(2 * hits, predicted + actual),
});
