import { ConfigError, DataError, ShapeError } from "../errors.js";
import { saveFile } from "../io/files.js";
import { metrics } from "../metrics/index.js";
import { type GlueMetric, type GlueSplit, type GlueTask, glueTask } from "./glue.js";
import { shown } from "./values.js";

const scoresOf: Readonly<Record<GlueMetric, (predictions: readonly number[], labels: readonly number[]) => number>> = {
  accuracy: metrics.accuracy,
  f1: (predictions, labels) => metrics.f1(predictions, labels, { average: "binary" }),
  matthews: metrics.matthews,
  pearson: metrics.pearson,
  spearman: metrics.spearman,
};

/**
 * The official scores of a task by metric: fractions and correlations, not percentages. `predictions` and `labels` are ids,
 * or numbers for `stsb`. Errors: ConfigError for an unknown task, ShapeError.
 */
export function glueScores(
  name: string,
  predictions: readonly number[],
  labels: readonly number[],
): Partial<Record<GlueMetric, number>> {
  return Object.fromEntries(glueTask(name).metrics.map((metric) => [metric, scoresOf[metric](predictions, labels)]));
}

/** A file for GLUE's leaderboard. */
export interface GlueSubmission {
  /** The official name, such as `SST-2.tsv`. */
  readonly file: string;
  /** The content: a header, `index` and `prediction`, and one line per row, separated by tabs. */
  readonly text: string;
}

/**
 * A file for GLUE's leaderboard. `predictions` are those of the test rows in the order of `idx`: names of labels, their
 * ids, or numbers for `stsb`, which are clamped to 0 … 5 and written with three decimals. `split` is the test split.
 * Default: `test`; `mnli` has `test_matched` and `test_mismatched`. Errors: ConfigError for an unknown task or split,
 * DataError for an unknown label, ShapeError without predictions.
 */
export function glueSubmission(
  name: string,
  predictions: readonly (string | number)[],
  split: GlueSplit = "test",
): GlueSubmission {
  const task = glueTask(name);
  if (!Object.hasOwn(task.submissions, split))
    throw new ConfigError(
      `${task.name}: split is ${split}; files for the leaderboard are of ${Object.keys(task.submissions).join(", ")}`,
    );
  if (predictions.length === 0) throw new ShapeError(`${task.name}: predictions`, 0, "1 or more");
  const lines = predictions.map((prediction, i) => `${i}\t${submitted(prediction, task, i)}\n`);
  return { file: task.submissions[split]!, text: `index\tprediction\n${lines.join("")}` };
}

/**
 * Writes the file of {@link glueSubmission} to a folder, which is created if necessary, and returns its path. Errors: those
 * of {@link glueSubmission}, and DataError if it cannot be written.
 */
export async function saveGlueSubmission(
  folder: string,
  name: string,
  predictions: readonly (string | number)[],
  split?: GlueSplit,
): Promise<string> {
  const { file, text } = glueSubmission(name, predictions, split);
  const path = `${folder.replace(/(?<=.)\/+$/, "")}/${file}`;
  await saveFile(path, text);
  return path;
}

/** A prediction as the leaderboard expects it. */
function submitted(prediction: string | number, { name, labels, submitsNames }: GlueTask, row: number): string {
  const where = `${name}: predictions[${row}]`;
  const found = typeof prediction === "string" ? shown(prediction) : String(prediction);
  if (labels === undefined) {
    if (typeof prediction !== "number" || !Number.isFinite(prediction))
      throw new DataError(`${where} is ${found}; expected a number`);
    return Math.min(Math.max(prediction, 0), 5).toFixed(3);
  }
  const id = typeof prediction === "number" ? prediction : labels.indexOf(prediction);
  const label = labels[id];
  if (label === undefined) throw new DataError(`${where} is ${found}; expected one of ${labels.join(", ")}, or its id`);
  return submitsNames ? label : String(id);
}
