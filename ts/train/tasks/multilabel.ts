import { compareLabels, type LabelSet, labelSet, refuseTooMany } from "../../data/labels.js";
import { asText, asTexts, placeOf, type Row, shown } from "../../data/values.js";
import { ConfigError, DataError } from "../../errors.js";
import { multiLabelReport } from "../../metrics/multiLabel.js";
import { decide } from "../../models/thresholds.js";
import type { CalibrationMetrics } from "./calibration.js";
import type { TaskColumns } from "./columns.js";
import { type Details, drawn } from "./details.js";
import { binaryCrossEntropyOf } from "./losses.js";
import { ofLabels } from "./probabilities.js";
import { inModelOrder, labelFields, modelLabels, problemTypeOf, requireProblem } from "./problemType.js";
import { type SequenceProblem, sequenceTask, TEXT_COLUMNS } from "./sequences.js";
import type { TaskKind } from "./task.js";

/** Precision, recall and F1 of one label, 0 … 1. */
export interface LabelMetrics {
  /** Its name. */
  readonly label: string;
  /** Of the texts that the model gives it, the share that has it. */
  readonly precision: number;
  /** Of the texts that have it, the share that the model gives it. */
  readonly recall: number;
  /** Harmonic mean of both. */
  readonly f1: number;
  /** Texts that have it. */
  readonly support: number;
  /** Probability from which it is given, of several labels per text; undefined where that is 0.5. */
  readonly threshold?: number | undefined;
}

/** How well a model does whose texts have several labels each (scikit-learn's scores of multilabel indicators). */
export interface MultiLabelMetrics extends CalibrationMetrics {
  /** Texts. */
  readonly n: number;
  /** Mean binary cross-entropy over texts and labels, in nats. */
  readonly loss: number;
  /** The same as `subsetAccuracy`: scikit-learn's `accuracy_score`. */
  readonly accuracy: number;
  /** Share of the texts whose labels are all right, 0 … 1. */
  readonly subsetAccuracy: number;
  /** The same as `macroF1`. */
  readonly f1: number;
  /** Precision from the counts of all labels together, 0 … 1. */
  readonly microPrecision: number;
  /** Recall from the counts of all labels together, 0 … 1. */
  readonly microRecall: number;
  /** F1 from the counts of all labels together, 0 … 1. */
  readonly microF1: number;
  /** Mean of the labels' precision, 0 … 1. */
  readonly macroPrecision: number;
  /** Mean of the labels' recall, 0 … 1. */
  readonly macroRecall: number;
  /** Mean of the labels' F1, 0 … 1. */
  readonly macroF1: number;
  /** Each label's, in order of their ids. */
  readonly perLabel: readonly LabelMetrics[];
}

/** Metrics of a model of several labels per text. */
export interface MultiLabelScores {
  /** The kind of the model's problem. */
  readonly problem: "multi_label_classification";
  /** The scores. */
  readonly metrics: MultiLabelMetrics;
}

interface Judged {
  readonly predicted: Uint8Array;
  readonly loss: number;
}

/** Any number of labels per text: a JSON list, or one text that `labelSeparator` splits. */
export const multilabel: TaskKind<Uint8Array, MultiLabelScores, "sequence-classification"> = {
  head: "sequence-classification",
  columns: TEXT_COLUMNS,
  learn: (rows, options) => sequenceTask(indicators(labelsIn(rows, options), separatorOf(options)), options),
  ofModel(config, options) {
    requireProblem(config, "multi_label_classification", options);
    return sequenceTask(indicators(modelLabels(config), separatorOf(options)), options);
  },
};

function separatorOf({ labelSeparator }: TaskColumns): string | undefined {
  if (labelSeparator !== undefined && (typeof labelSeparator !== "string" || labelSeparator === ""))
    throw new ConfigError(`labelSeparator is ${JSON.stringify(labelSeparator)}, not a text that parts labels`);
  return labelSeparator;
}

/** The labels of all rows, sorted. */
function labelsIn(rows: readonly Row[], { label, labelSeparator }: TaskColumns): LabelSet {
  const names = new Set(rows.flatMap((row) => namesIn(row, label!, labelSeparator)));
  refuseTooMany(rows[0]!.file, label!, names.size);
  if (names.size === 0) throw new DataError(`${rows[0]!.file}: no row has a label in ${JSON.stringify(label)}`);
  return labelSet([...names].sort(compareLabels));
}

const indicators = (
  labels: LabelSet,
  separator: string | undefined,
): SequenceProblem<Uint8Array, Judged, MultiLabelScores> => ({
  labels: labels.names,
  fields: labelFields("multi_label_classification", labels.names),
  metric: "microF1",
  decisive: { several: true, ids: [...labels.names.keys()], has: (own, id) => own[id] === 1 },
  probabilities: ofLabels,
  forModel(config) {
    if (problemTypeOf(config) !== "multi_label_classification") return undefined;
    const own = inModelOrder(config, labels);
    return own && indicators(own, separator);
  },
  stratum: () => "",
  readLabel: (row, column) => {
    const own = new Uint8Array(labels.names.length);
    for (const name of namesIn(row, column, separator)) own[labels.idOfName(name, row)] = 1;
    return own;
  },
  targets: (own) => ({ sequences: own.map((each) => Array.from(each)) }),
  judge: (logits, label, decision) => {
    const given = decision && new Set(decide(decision, logits));
    // The probability is 1/2 at 0.
    const predicted = Uint8Array.from(logits, (x, id) => ((given?.has(id) ?? x >= 0) ? 1 : 0));
    return { predicted, loss: binaryCrossEntropyOf(logits, label) };
  },
  score: (judged, truth, { decision, calibration }) => {
    const loss = judged.reduce((sum, one) => sum + one.loss, 0) / truth.length;
    const predicted = judged.map((one) => one.predicted);
    const { subsetAccuracy, micro, macro, labels: each } = multiLabelReport(predicted, truth);
    return {
      problem: "multi_label_classification",
      metrics: {
        ...{ n: truth.length, loss, accuracy: subsetAccuracy, subsetAccuracy, f1: macro.f1 },
        ...{ microPrecision: micro.precision, microRecall: micro.recall, microF1: micro.f1 },
        ...{ macroPrecision: macro.precision, macroRecall: macro.recall, macroF1: macro.f1 },
        ...calibration!,
        perLabel: each.map((report) => ({
          ...{ ...report, label: labels.names[report.label]! },
          ...(decision && { threshold: decision.thresholds[report.label] }),
        })),
      },
    };
  },
  details: (judged, truth) => detailsOf(judged, truth, labels.names),
  inWords: ({ metrics: { microF1, loss } }) => `micro F1 ${microF1.toFixed(4)}, loss ${loss.toFixed(4)}`,
});

function detailsOf(
  judged: readonly Judged[],
  truth: readonly Uint8Array[],
  names: readonly string[],
): Omit<Details, "judged"> {
  const predicted = judged.map((one) => one.predicted);
  return {
    main: { metric: "microF1", of: (rows) => multiLabelReport(drawn(predicted, rows), drawn(truth, rows)).micro.f1 },
    predictions: () =>
      judged.map(({ predicted, loss }, i) => ({
        predicted: JSON.stringify(names.filter((_, label) => predicted[label] === 1)),
        loss,
        isRight: predicted.every((one, label) => one === truth[i]![label]),
      })),
  };
}

/** The names in a row: those of a list, of the JSON list that a text is, or of a text between separators. */
function namesIn(row: Row, column: string, separator: string | undefined): string[] {
  const value = row.values[column];
  const where = `${placeOf(row)}: ${JSON.stringify(column)}`;
  if (Array.isArray(value)) return asTexts(where, value);
  const text = asText(where, value);
  if (separator === undefined && text.trim().startsWith("["))
    return namesIn(parsed(row, column, text), column, undefined);
  const names = separator === undefined ? [text] : text.split(separator);
  return names.map((name) => name.trim()).filter((name) => name !== "");
}

function parsed(row: Row, column: string, text: string): Row {
  try {
    return { ...row, values: { [column]: JSON.parse(text) as unknown } };
  } catch (error) {
    throw new DataError(`${placeOf(row)}: the labels ${shown(text)} are not a JSON list`, { cause: error });
  }
}
