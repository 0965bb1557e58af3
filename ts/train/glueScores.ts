import { type GlueMetric, type GlueName, type GlueSplit, type GlueTask, glueTask } from "../data/glue.js";
import { inOrderOf, labelSet } from "../data/labels.js";
import { ConfigError } from "../errors.js";
import { labelNames, type RoFormerConfig } from "../models/config.js";
import type { Reported, ScoreInterval } from "./reported.js";
import type { ClassifierMetrics } from "./tasks/classify.js";
import { modelLabels, problemTypeOf } from "./tasks/problemType.js";

/** The scores that GLUE's leaderboard shows for a task, as fractions and correlations. */
export interface OfficialScores {
  /** The task. */
  readonly task: GlueName;
  /** The official metrics of each split that was scored; `mnli` has two. */
  readonly scores: Readonly<Partial<Record<GlueSplit, Readonly<Partial<Record<GlueMetric, number>>>>>>;
}

/** What the metrics of a run on a GLUE task have besides. */
export interface GlueMetrics {
  /** The official scores. */
  readonly glue?: OfficialScores | undefined;
  /** The metrics on the mismatched validation rows of `mnli`; the others are of the matched rows. */
  readonly mismatched?: (ClassifierMetrics & ScoreInterval) | undefined;
}

/** Scores of a split. */
export interface SplitScores {
  readonly split: GlueSplit;
  readonly scores: Reported<{ readonly metrics: object; readonly perClass?: readonly { readonly f1: number }[] }>;
}

/** What metrics of a GLUE task have besides. `ids`: see {@link glueIds}; undefined for a task without labels. */
export function glueMetrics(
  { name, metrics }: GlueTask,
  ids: readonly number[] | undefined,
  splits: readonly SplitScores[],
): GlueMetrics {
  const official = ({ scores }: SplitScores) =>
    Object.fromEntries(
      metrics.map((metric) => [
        metric,
        // A model's second label may not be GLUE's.
        metric === "f1" ? scores.perClass![ids!.indexOf(1)]!.f1 : (scores.metrics as Record<string, unknown>)[metric],
      ]),
    );
  const scores = Object.fromEntries(splits.map((one) => [one.split, official(one)]));
  const mismatched = splits.find(({ split }) => split === "validation_mismatched")?.scores.metrics;
  return {
    glue: { task: name, scores },
    ...(mismatched && { mismatched: mismatched as ClassifierMetrics & ScoreInterval }),
  };
}

/**
 * GLUE's id of each output of a classifier: its labels have GLUE's names, in any order and case, or are `LABEL_0`, `LABEL_1`, …, which
 * mean Hugging Face's ids. Undefined for a task without labels. Errors: ConfigError for another model.
 */
export function glueIds(config: RoFormerConfig, name: GlueName): readonly number[] | undefined {
  const { labels } = glueTask(name);
  const names = labelNames(config);
  if (labels === undefined) {
    if (names.length === 1 && problemTypeOf(config) === "regression") return undefined;
    throw new ConfigError(
      `${name} has a number for each text, and the model's problem_type is ${problemTypeOf(config)}`,
    );
  }
  const isNumbered = names.every((label, id) => label === `LABEL_${id}`);
  if (isNumbered && names.length === labels.length) return [...labels.keys()];
  const lower = labelSet(names.map((label) => label.toLowerCase()));
  const own = inOrderOf(modelLabels(config), labelSet(labels)) ?? inOrderOf(lower, labelSet(labels));
  if (own && problemTypeOf(config) === "single_label_classification")
    return own.names.map((one) => labels.indexOf(one));
  throw new ConfigError(
    `the model's labels are ${names.slice(0, 10).join(", ")}${names.length > 10 ? ", …" : ""}; ${name} has ${labels.join(", ")}`,
  );
}
