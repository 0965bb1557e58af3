import { external } from "../../autograd/external.js";
import { type LabelSet, labelOf, labelSet, labelsOf } from "../../data/labels.js";
import * as metrics from "../../metrics/all.js";
import { type Decision, decide } from "../../models/thresholds.js";
import { argmax } from "../../pipelines/numbers.js";
import type { LossSettings } from "../settings/loss.js";
import type { CalibrationMetrics } from "./calibration.js";
import type { Details } from "./details.js";
import { crossEntropyOf } from "./losses.js";
import type { LabelMetrics } from "./multilabel.js";
import { ofClasses } from "./probabilities.js";
import { inModelOrder, labelFields, modelLabels, problemTypeOf, requireProblem } from "./problemType.js";
import { type SequenceProblem, sequenceTask, TEXT_COLUMNS } from "./sequences.js";
import { type Skew, skewLines, skewOf } from "./skew.js";
import type { TaskKind } from "./task.js";
import { totalWeight, weightedCrossEntropy, weightsOf } from "./weightedLoss.js";

/** How well a classifier does on labeled texts: one flat object. */
export interface ClassifierMetrics extends CalibrationMetrics {
  /** Texts. */
  readonly n: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** Share of the texts whose class is right, 0 … 1. */
  readonly accuracy: number;
  /** Of two classes, F1 of the second; of more, the mean over classes (scikit-learn's `binary` and `macro`); 0 … 1. */
  readonly f1: number;
  /** The class that F1, precision and recall are of, if there are two; undefined where they are means. */
  readonly f1Label?: string | undefined;
  /** Precision, likewise. */
  readonly precision: number;
  /** Recall, likewise. */
  readonly recall: number;
  /** Matthews' correlation coefficient, −1 … 1. */
  readonly matthews: number;
  /** Probability from which one of two classes is predicted, the second if none is named; undefined where the most likely one is. */
  readonly threshold?: number | undefined;
}

/** Metrics, and what they were made from. */
export interface ClassifierScores {
  /** The kind of the model's problem. */
  readonly problem: "single_label_classification";
  /** The scores. */
  readonly metrics: ClassifierMetrics;
  /** Numbers of texts, `[labels][labels]`: rows are true classes, columns predicted ones. */
  readonly confusionMatrix: readonly (readonly number[])[];
  /** The scores of each class, in the order of their ids. */
  readonly perClass: readonly LabelMetrics[];
}

interface Judged {
  readonly predicted: number;
  /** Its probability. */
  readonly score: number;
  readonly loss: number;
}

/** One of several classes per text. */
export const classify: TaskKind<number, ClassifierScores, "sequence-classification"> = {
  head: "sequence-classification",
  columns: TEXT_COLUMNS,
  learn(rows, options, isSplit) {
    const labels = options.labelNames
      ? labelSet(options.labelNames)
      : labelsOf(rows, options.label!, { once: isSplit ? "error" : "allow" });
    const ids = rows.map((row) => labels.idOf(row, options.label!));
    const ofRows = { loss: lossOf(options, labels, ids), skew: skewOf(ids, labels.names.length) };
    return sequenceTask(classes(labels, { ...ofRows, isOrderSet: options.labelNames !== undefined }), options);
  },
  ofModel(config, options) {
    requireProblem(config, "single_label_classification", options);
    return sequenceTask(classes(modelLabels(config)), options);
  },
};

/** Class weights, in the order of `labels`, and label smoothing. */
interface Loss {
  readonly labels: LabelSet;
  readonly weights: Float64Array | undefined;
  readonly smoothing: number;
}

/** The loss that is set, if it is not the plain cross-entropy. `ids`: the class of each training row. */
function lossOf(options: LossSettings, labels: LabelSet, ids: readonly number[]): Loss | undefined {
  const { labelSmoothing: smoothing = 0 } = options;
  const weights = weightsOf(options, labels, ids);
  return weights || smoothing > 0 ? { labels, weights, smoothing } : undefined;
}

/** The same loss for the labels in another order. */
const reordered = ({ labels, weights, smoothing }: Loss, own: LabelSet): Loss => ({
  ...{ labels: own, smoothing },
  weights: weights && Float64Array.from(own.names, (name) => weights[labels.find(name)!]!),
});

/** What training rows say of a run. */
interface OfRows {
  readonly loss: Loss | undefined;
  readonly skew: Skew | undefined;
  /** Whether the order of the labels was named. */
  readonly isOrderSet: boolean;
}

const classes = (
  labels: LabelSet,
  { loss, skew, isOrderSet }: Partial<OfRows> = {},
): SequenceProblem<number, Judged, ClassifierScores> => ({
  labels: labels.names,
  fields: labelFields("single_label_classification", labels.names),
  metric: skew ? "matthews" : "accuracy",
  whyMetric: skew && skewLines(skew, labels.names, isOrderSet ?? false),
  decisive: labels.names.length === 2 ? { several: false, ids: [1], has: (label, id) => label === id } : undefined,
  probabilities: ofClasses,
  forModel(config) {
    if (problemTypeOf(config) !== "single_label_classification") return undefined;
    const own = inModelOrder(config, labels);
    if (!own) return undefined;
    const most = skew && { ...skew, most: own.find(labels.names[skew.most]!)! };
    return classes(own, { loss: loss && reordered(loss, own), skew: most, isOrderSet });
  },
  stratum: labelOf,
  readLabel: (row, column) => labels.idOf(row, column),
  targets: (ids) =>
    loss
      ? {
          count: totalWeight(ids, loss.weights),
          loss: ({ head }) => external(head().logits!, (logits) => weightedCrossEntropy(logits, ids, loss)),
        }
      : { sequences: ids },
  judge: (logits, label, decision) => {
    const predicted = decision ? decide(decision, logits)[0]! : argmax(logits);
    return { predicted, score: Math.exp(-crossEntropyOf(logits, predicted)), loss: crossEntropyOf(logits, label) };
  },
  score: (judged, truth, { decision, calibration }) => {
    const predicted = judged.map((one) => one.predicted);
    const loss = judged.reduce((sum, one) => sum + one.loss, 0) / truth.length;
    const numLabels = labels.names.length;
    const f1Label = numLabels === 2 ? { f1Label: labels.names[1]! } : {};
    return {
      problem: "single_label_classification",
      metrics: {
        n: truth.length,
        loss,
        ...classScores(predicted, truth, numLabels),
        ...f1Label,
        ...thresholdOf(decision),
        ...calibration!,
      },
      confusionMatrix: metrics.confusionMatrix(predicted, truth, { numLabels }),
      perClass: perClass(predicted, truth, labels.names),
    };
  },
  details: (judged, truth) => detailsOf(judged, truth, labels.names),
  inWords: ({ metrics: { accuracy, loss, matthews } }) =>
    `accuracy ${(100 * accuracy).toFixed(2)} %, ${skew ? `Matthews ${matthews.toFixed(4)}, ` : ""}loss ${loss.toFixed(4)}`,
});

/** The threshold of one of two classes, if there is one. */
function thresholdOf(decision: Decision | undefined): { threshold?: number } {
  const threshold = decision?.thresholds.find((one) => one !== undefined);
  return threshold === undefined ? {} : { threshold };
}

/** How well classes are predicted. F1, precision and recall: of the second of two classes, else the mean over classes. */
export function classScores(predicted: ArrayLike<number>, truth: ArrayLike<number>, classes: number) {
  const average = classes === 2 ? ("binary" as const) : ("macro" as const);
  return {
    accuracy: metrics.accuracy(predicted, truth),
    f1: metrics.f1(predicted, truth, { average }),
    precision: metrics.precision(predicted, truth, { average }),
    recall: metrics.recall(predicted, truth, { average }),
    matthews: metrics.matthews(predicted, truth),
  };
}

function perClass(predicted: readonly number[], truth: readonly number[], names: readonly string[]): LabelMetrics[] {
  const found = new Map(metrics.classificationReport(predicted, truth).map(({ label, ...own }) => [label, own]));
  const none = { precision: 0, recall: 0, f1: 0, support: 0 };
  return names.map((label, id) => ({ label, ...(found.get(id) ?? none) }));
}

const detailsOf = (
  judged: readonly Judged[],
  truth: readonly number[],
  names: readonly string[],
): Omit<Details, "judged"> => ({
  main: { metric: "accuracy", hits: judged.filter(({ predicted }, i) => predicted === truth[i]).length },
  predictions: () =>
    judged.map(({ predicted, score, loss }, i) => ({
      ...{ predicted: names[predicted]!, score, loss },
      isRight: predicted === truth[i],
    })),
});
