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
 * The official scores of a task, by their names: shares and correlations, not percent. `predictions` and `labels`: ids, or numbers for
 * `stsb`. Errors: ConfigError for an unknown task, ShapeError.
 */
export function glueScores(
  name: string,
  predictions: readonly number[],
  labels: readonly number[],
): Partial<Record<GlueMetric, number>> {
  return Object.fromEntries(glueTask(name).metrics.map((metric) => [metric, scoresOf[metric](predictions, labels)]));
}

/** A file for the leaderboard of GLUE. */
export interface GlueSubmission {
  /** The official name, such as `SST-2.tsv`. */
  readonly file: string;
  /** What it holds: `index` and `prediction`, separated by tabs. */
  readonly text: string;
}

/**
 * A file for the leaderboard, from predictions of the test rows in the order of `idx`: names of labels or their ids, or numbers for
 * `stsb`, which are limited to 0 … 5 and have three decimals. `split`: the part that is predicted, a test. Default: the only test;
 * `mnli` has two. Errors: ConfigError for an unknown task and for a split without a file, DataError for an unknown label.
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

/** Writes {@link glueSubmission}'s file into a folder, which is made if need be; gives its path. Errors: those and DataError. */
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

/** A prediction as the leaderboard takes it. */
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
