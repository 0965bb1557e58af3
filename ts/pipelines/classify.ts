import { labelNames } from "../models/config.js";
import { type Decision, decide, decisionOf } from "../models/thresholds.js";
import type { Names } from "../options.js";
import { checkCount } from "./checks.js";
import { type FunctionToApply, scoresFunction } from "./functionToApply.js";
import { finiteRows, largest } from "./numbers.js";
import { job, PIPELINE, type Pipeline, type PipelineOptions } from "./pipeline.js";
import { encodeTexts } from "./texts.js";

/** Settings of `classify`. */
export interface ClassifyOptions extends PipelineOptions {
  /** Second texts, one per text, to classify pairs. */
  readonly pairs?: readonly string[] | undefined;
  /**
   * The function that turns logits into scores. Default: the activation that a cross-encoder's configuration names, else what Hugging Face's
   * pipeline applies: "none" for a regression, "sigmoid" for one label or several labels per text, "softmax" for the rest.
   */
  readonly functionToApply?: FunctionToApply | undefined;
  /**
   * Probability from which the second of two classes is predicted, or from which each of several labels per text is, 0 to 1. Default:
   * the model's own thresholds, as `finetune` saves them, else the most likely label.
   */
  readonly threshold?: number | undefined;
  /** Number of labels in `scores`, the best ones. Default: all. */
  readonly topK?: number | undefined;
}

/** The classification of one text. */
export interface Classification {
  /** The label with the highest score, or by the threshold of one of two classes; for a model with one output, its only label. */
  readonly label: string;
  /** Its score: a probability, 0 … 1, by softmax or sigmoid; for a regression, the value. */
  readonly score: number;
  /** The scores of all labels, or of the `topK` best. */
  readonly scores: Record<string, number>;
  /** The labels whose probabilities reach their thresholds: of models of several labels per text that have thresholds. */
  readonly labels?: readonly string[];
}

const OPTIONS: Names<ClassifyOptions> = {
  ...PIPELINE,
  pairs: true,
  topK: true,
  functionToApply: true,
  threshold: true,
};

/** Classifies texts. */
export const classify: Pipeline<string, [options?: ClassifyOptions], Classification> = {
  heads: ["sequence-classification"],
  options: OPTIONS,
  prepare(model, texts, options = {}) {
    const sequences = encodeTexts("classify", model, texts, options);
    const labels = labelNames(model.config);
    const topK = options.topK === undefined ? undefined : checkCount("classify", "topK", options.topK);
    const scoresOf = scoresFunction(model.config, options.functionToApply);
    const decision = decisionOf("classify", model.config, options.threshold);
    return job({
      sequences,
      read({ head }, places) {
        const logits = finiteRows(head().logits!);
        return places.map(({ row }) => {
          const own = logits(row);
          return classification(labels, scoresOf(own), topK, decision && { ...decision, given: decide(decision, own) });
        });
      },
      finish: (found) => [...found],
    });
  },
};

function classification(
  labels: readonly string[],
  scores: readonly number[],
  topK: number | undefined,
  decided: (Decision & { readonly given: readonly number[] }) | undefined,
): Classification {
  const [best] = (decided?.several === false ? decided.given : largest(scores, 1)) as [number];
  const order = topK === undefined ? labels.keys() : largest(scores, topK);
  const named = new Map<string, number>();
  // If several labels have the same name, the best one counts.
  for (const i of order) named.set(labels[i]!, Math.max(named.get(labels[i]!) ?? Number.NEGATIVE_INFINITY, scores[i]!));
  return {
    ...{ label: labels[best]!, score: scores[best]!, scores: Object.fromEntries(named) },
    ...(decided?.several && { labels: decided.given.map((id) => labels[id]!) }),
  };
}
