import { kind, placeOf, type Row, shown } from "../../data/values.js";
import { DataError } from "../../errors.js";
import * as metrics from "../../metrics/all.js";
import { labelNames } from "../../models/config.js";
import { drawn } from "./details.js";
import { labelFields, problemTypeOf, requireProblem } from "./problemType.js";
import { type SequenceProblem, sequenceTask, TEXT_COLUMNS } from "./sequences.js";
import type { TaskKind } from "./task.js";

/** How well a regression does on texts with values: one flat object. */
export interface RegressionMetrics {
  /** Texts. */
  readonly n: number;
  /** Mean squared error, as in training. */
  readonly loss: number;
  /** Mean squared error. */
  readonly meanSquaredError: number;
  /** Pearson's correlation coefficient, −1 … 1; 0 where one side has one value only. */
  readonly pearson: number;
  /** Spearman's, of the ranks. */
  readonly spearman: number;
}

/** Metrics of a regression. */
export interface RegressionScores {
  /** The kind of the model's problem. */
  readonly problem: "regression";
  /** The scores. */
  readonly metrics: RegressionMetrics;
}

/** A number per text. */
export const regress: TaskKind<number, RegressionScores, "sequence-classification"> = {
  head: "sequence-classification",
  columns: TEXT_COLUMNS,
  learn: (_, options) => sequenceTask(values(["LABEL_0"]), options),
  ofModel(config, options) {
    requireProblem(config, "regression", options);
    return sequenceTask(values(labelNames(config)), options);
  },
};

const values = (labels: readonly string[]): SequenceProblem<number, number, RegressionScores> => ({
  labels,
  fields: labelFields("regression", labels),
  metric: "spearman",
  forModel: (config) =>
    problemTypeOf(config) === "regression" && labelNames(config).length === 1 ? values(labelNames(config)) : undefined,
  stratum: () => "",
  readLabel: readNumber,
  targets: (own) => ({ sequences: own }),
  judge: (logits) => logits[0]!,
  score: (predicted, truth) => {
    const meanSquaredError = metrics.meanSquaredError(predicted, truth);
    const correlations = { pearson: metrics.pearson(predicted, truth), spearman: metrics.spearman(predicted, truth) };
    const n = truth.length;
    return { problem: "regression", metrics: { n, loss: meanSquaredError, meanSquaredError, ...correlations } };
  },
  details: (predicted, truth) => ({
    main: { metric: "spearman", of: (rows) => metrics.spearman(drawn(predicted, rows), drawn(truth, rows)) },
    predictions: () =>
      predicted.map((own, i) => ({
        ...{ predicted: String(own), loss: (own - truth[i]!) ** 2 },
        isRight: own === truth[i],
      })),
  }),
  inWords: ({ metrics: { meanSquaredError, spearman } }) =>
    `mean squared error ${meanSquaredError.toFixed(4)}, Spearman ${spearman.toFixed(4)}`,
});

/** The number of a row. Errors: DataError that names the row. */
export function readNumber(row: Row, column: string): number {
  const value = row.values[column];
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  const is = typeof value === "string" ? shown(value) : kind(value);
  throw new DataError(`${placeOf(row)}: the label is ${is}, not a number`);
}
