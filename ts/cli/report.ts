import type { AnyEvaluation, Evaluation } from "../train/evaluate.js";
import type { ScoredPart } from "../train/finetune.js";
import { counted, percent } from "../train/inWords.js";
import { FEW, hasF1 } from "../train/reading.js";
import type { CalibrationMetrics } from "../train/tasks/calibration.js";
import { glueLines } from "./glueReport.js";

/** What the rows of a score are called. */
const PARTS = { validation: "validation, the rows that chose the epoch", test: "test" } as const;

/** Which rows a score is of, and whether they chose the thresholds too. */
function partInWords(part: ScoredPart["part"], thresholdFrom: ScoredPart["thresholdFrom"]): string {
  if (thresholdFrom === undefined) return PARTS[part];
  return part === "test" ? "test, with thresholds from the validation rows" : `${PARTS[part]} and the thresholds`;
}

/** Metrics with the interval of the main one, for classes each one's scores and the confusion matrix, as lines. */
export function reportLines(evaluation: AnyEvaluation & Partial<ScoredPart>): string[] {
  const { tokens, seconds, part, thresholdFrom, bagOfWords } = evaluation;
  const [first, ...others] = scoreLines(evaluation);
  return [
    part === undefined ? first! : `${partInWords(part, thresholdFrom)}: ${first}`,
    intervalLine(evaluation),
    ...(bagOfWords ? [`a bag of words on the same rows: accuracy ${percent(bagOfWords.accuracy)}`] : []),
    ...others,
    ...glueLines(evaluation.metrics),
    `evaluated ${Math.round(tokens / seconds)} tokens/s`,
  ];
}

/** Where the main score may be, and what few rows mean for a score that {@link readResult} does not know. */
function intervalLine({ metrics, problem }: AnyEvaluation): string {
  const { n, intervalOf, low, high } = metrics;
  const shown =
    intervalOf === "accuracy" ? percent : (x: number) => x.toFixed(problem === "question_answering" ? 2 : 4);
  const name = IN_WORDS[intervalOf] ?? intervalOf;
  const line =
    low === high
      ? `no 95 % interval of ${name}: every sample of these rows gives ${shown(low)}, n ${n}`
      : `95 % interval of ${name}: ${shown(low)} to ${shown(high)}, n ${n}`;
  return n < FEW && problem !== "single_label_classification" ? `${line}; fewer than ${FEW} rows say little` : line;
}

const IN_WORDS: Readonly<Record<string, string>> = { f1: "F1", microF1: "micro F1", spearman: "Spearman" };

function scoreLines(evaluation: AnyEvaluation): string[] {
  switch (evaluation.problem) {
    case "single_label_classification":
      return classLines(evaluation);
    case "regression":
      return regressionLines(evaluation);
    case "multi_label_classification":
      return multiLabelLines(evaluation);
    case "token_classification":
      return tagLines(evaluation);
    case "question_answering":
      return spanLines(evaluation);
    case "multiple_choice":
      return choiceLines(evaluation);
    case "pair_ranking":
      return rankLines(evaluation);
    case "sentence_similarity":
      return embeddingLines(evaluation);
  }
}

function classLines({ metrics, confusionMatrix, labels, perClass }: Evaluation): string[] {
  const { n, accuracy, f1, precision, recall, loss, matthews, f1Label, threshold } = metrics;
  const of = f1Label === undefined ? ", the means of the classes" : ` of ${JSON.stringify(f1Label)}`;
  const at = threshold === undefined ? "" : ` at threshold ${threshold}`;
  const found = `F1 ${f1.toFixed(4)}, precision ${precision.toFixed(4)}, recall ${recall.toFixed(4)}${of}${at}, `;
  const known = hasF1(confusionMatrix);
  return [
    `${counted(n, "text")}: accuracy ${percent(accuracy)}, ${known ? found : ""}loss ${loss.toFixed(4)}${known ? `, Matthews ${matthews.toFixed(4)}` : ""}`,
    calibrationLine(metrics),
    ...labelTable(perClass),
    ...tableLines([
      ["true \\ predicted", ...labels],
      ...confusionMatrix.map((row, i) => [labels[i]!, ...row.map(String)]),
    ]),
  ];
}

function regressionLines({ metrics }: Evaluation<"regress">): string[] {
  const { n, meanSquaredError, pearson, spearman } = metrics;
  return [
    `${counted(n, "text")}: mean squared error ${meanSquaredError.toFixed(4)}, Pearson ${pearson.toFixed(4)}, Spearman ${spearman.toFixed(4)}`,
  ];
}

function multiLabelLines({ metrics }: Evaluation<"multilabel">): string[] {
  const { n, subsetAccuracy, microF1, macroF1, loss, perLabel } = metrics;
  return [
    `${counted(n, "text")}: all labels right ${percent(subsetAccuracy)}, micro F1 ${microF1.toFixed(4)}, macro F1 ${macroF1.toFixed(4)}, loss ${loss.toFixed(4)}`,
    calibrationLine(metrics),
    ...labelTable(perLabel),
  ];
}

/** How far probabilities can be trusted, and how far they could before they were calibrated. */
function calibrationLine(metrics: CalibrationMetrics): string {
  const { expectedCalibrationError: error, temperature, expectedCalibrationErrorBefore, lossBefore } = metrics;
  const line = `expected calibration error of the probabilities ${error.toFixed(4)}`;
  if (temperature === undefined) return line;
  return `${line}; ${expectedCalibrationErrorBefore!.toFixed(4)}, with loss ${lossBefore!.toFixed(4)}, before they were calibrated`;
}

function labelTable(labels: Evaluation["perClass"]): string[] {
  const has = labels.some(({ threshold }) => threshold !== undefined);
  const rows = labels.map(({ label, precision, recall, f1, support, threshold }) => [
    ...[label, precision.toFixed(4), recall.toFixed(4), f1.toFixed(4), String(support)],
    ...(has ? [String(threshold ?? 0.5)] : []),
  ]);
  return tableLines([["label", "precision", "recall", "F1", "texts", ...(has ? ["threshold"] : [])], ...rows]);
}

function tagLines({ metrics, perEntity }: Evaluation<"tag">): string[] {
  const { n, words, accuracy, f1, precision, recall, loss } = metrics;
  const rows = perEntity.map((entity) => [
    ...[entity.type, entity.precision.toFixed(4), entity.recall.toFixed(4), entity.f1.toFixed(4)],
    String(entity.support),
  ]);
  return [
    `${counted(n, "text")}, ${counted(words, "word")}: entity F1 ${f1.toFixed(4)}, precision ${precision.toFixed(4)}, recall ${recall.toFixed(4)}, ` +
      `accuracy of words ${percent(accuracy)}, loss ${loss.toFixed(4)}`,
    ...tableLines([["entity", "precision", "recall", "F1", "entities"], ...rows]),
  ];
}

const spanLines = ({ metrics: { n, exactMatch, f1 } }: Evaluation<"span">): string[] => [
  `${counted(n, "question")}: exact match ${exactMatch.toFixed(2)}, F1 ${f1.toFixed(2)}`,
];

const choiceLines = ({ metrics: { n, accuracy, loss } }: Evaluation<"choose">): string[] => [
  `${counted(n, "question")}: accuracy ${percent(accuracy)}, loss ${loss.toFixed(4)}`,
];

const rankLines = ({ metrics: { n, accuracy, loss } }: Evaluation<"pairrank">): string[] => [
  `${counted(n, "triplet")}: accuracy ${percent(accuracy)}, loss ${loss.toFixed(4)}`,
];

function embeddingLines({ metrics: { n, spearman, pearson, accuracy, mrr10 } }: Evaluation<"embed">): string[] {
  if (spearman !== undefined)
    return [`${counted(n, "pair")}: Spearman ${spearman.toFixed(4)}, Pearson ${pearson!.toFixed(4)} of the cosines`];
  if (mrr10 === undefined) return [`${counted(n, "triplet")}: the right text is nearer in ${percent(accuracy!)}`];
  return [`${counted(n, "pair")}: the right text is the nearest in ${percent(accuracy!)}, MRR@10 ${mrr10.toFixed(4)}`];
}

/** Cells in columns: the first one from the left, numbers from the right. */
export function tableLines(cells: readonly (readonly string[])[]): string[] {
  const shown = cells.map((row) => row.map(printable));
  const widths = shown[0]!.map((_, j) => shown.reduce((most, row) => Math.max(most, row[j]!.length), 0));
  return shown.map((row) =>
    row.map((cell, j) => (j === 0 ? cell.padEnd(widths[j]!) : cell.padStart(widths[j]!))).join("  "),
  );
}

/** Characters of a label that a table shows, at most. */
const SHOWN = 60;

/** A label on one line: control characters are escaped, so that a label cannot change the terminal. */
function printable(label: string): string {
  const line = /\p{Cc}/u.test(label) ? JSON.stringify(label).replaceAll("\u007f", "\\u007f") : label;
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}
