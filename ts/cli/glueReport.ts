import type { GlueMetric } from "../data/glue.js";
import type { GlueMetrics } from "../train/glueScores.js";
import { percent } from "../train/inWords.js";

const IN_WORDS: Readonly<Record<GlueMetric, (score: number) => string>> = {
  accuracy: (score) => `accuracy ${percent(score)}`,
  f1: (score) => `F1 ${score.toFixed(4)}`,
  matthews: (score) => `Matthews' correlation ${score.toFixed(4)}`,
  pearson: (score) => `Pearson ${score.toFixed(4)}`,
  spearman: (score) => `Spearman ${score.toFixed(4)}`,
};

/** The official scores of a GLUE task, and those on the mismatched rows of `mnli`, as lines; none for other data. */
export function glueLines({ glue, mismatched }: GlueMetrics): string[] {
  if (glue === undefined) return [];
  const splits = Object.entries(glue.scores).map(([split, scores]) => {
    const name = split.replace("validation_", "");
    const words = Object.entries(scores).map(([metric, score]) => IN_WORDS[metric as GlueMetric](score as number));
    return `${name === "validation" ? "" : `${name} `}${words.join(", ")}`;
  });
  return [...mismatchedLines(mismatched), `official scores of GLUE ${glue.task}: ${splits.join("; ")}`];
}

function mismatchedLines(metrics: GlueMetrics["mismatched"]): string[] {
  if (metrics === undefined) return [];
  const { n, accuracy, loss, low, high } = metrics;
  return [
    `mismatched rows: ${n} texts: accuracy ${percent(accuracy)}, loss ${loss.toFixed(4)}`,
    `95 % interval of accuracy: ${percent(low)} to ${percent(high)}, n ${n}`,
  ];
}
