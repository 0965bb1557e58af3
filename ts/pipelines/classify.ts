import { labelNames } from "../models/config.js";
import type { RoFormer } from "../models/roformer.js";
import { checkTexts, encodeTexts, needed, type PipelineOptions, readFinite, runBatches, softmax } from "./batches.js";

/** Settings of `classify`. */
export interface ClassifyOptions extends PipelineOptions {
  /** Second texts, one for each first: the model judges pairs. */
  readonly pairs?: readonly string[];
}

/** What a classifier thinks of one text. */
export interface Classification {
  /** The likeliest class; of a model with one output, its only label. */
  readonly label: string;
  /** Its probability, 0 … 1 (by softmax, or by sigmoid where labels do not exclude each other); of a regression, the value. */
  readonly score: number;
  /** Every label's score. */
  readonly scores: Record<string, number>;
}

/** Classifies `texts`; the results are in their order. */
export async function classify(
  model: RoFormer,
  texts: readonly string[],
  options: ClassifyOptions,
): Promise<Classification[]> {
  needed("classify", model, ["sequence-classification"]);
  const sequences = encodeTexts("classify", model, checkTexts("classify", texts), options);
  const labels = labelNames(model.config);
  const scores = scorer(model.config.problem_type, labels);
  return runBatches("classify", model, sequences, options, ({ head }, chosen) => {
    const logits = readFinite(head().logits!);
    return chosen.map((_, row) => scores(logits.subarray(row * labels.length, (row + 1) * labels.length)));
  });
}

function scorer(
  problem: string | null | undefined,
  labels: readonly string[],
): (logits: Float32Array) => Classification {
  const regression = problem === "regression" || (labels.length === 1 && !problem);
  return (logits) => {
    const scores = regression
      ? [...logits]
      : problem === "multi_label_classification"
        ? sigmoid(logits)
        : softmax(logits);
    const best = scores.reduce((top, score, i) => (score > scores[top]! ? i : top), 0);
    const named = Object.fromEntries(labels.map((label, i) => [label, scores[i]!]));
    return { label: labels[best]!, score: scores[best]!, scores: named };
  };
}

const sigmoid = (logits: Float32Array): number[] => Array.from(logits, (x) => 1 / (1 + Math.exp(-x)));
