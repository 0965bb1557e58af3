import { wilsonInterval } from "../metrics/intervals.js";

/** Losses of an epoch, in nats per row. */
export interface EpochLosses {
  /** Epochs done, from 1; a fraction for an evaluation within one. */
  readonly epoch: number;
  /** Mean loss of the training rows while they were learned. */
  readonly trainLoss: number;
  /** Mean loss of the validation rows after it. */
  readonly validLoss: number;
}

/** What is known of a trained classifier. */
export interface ResultFacts {
  /** Rows that it was scored on. */
  readonly n: number;
  /** Which rows these are. */
  readonly part: "validation" | "test";
  /** Names of the labels. */
  readonly labels: readonly string[];
  /** Numbers of rows, `[labels][labels]`: rows are true labels, columns predicted ones. */
  readonly confusionMatrix: readonly (readonly number[])[];
  /** Losses in order of the epochs; entries without both count for nothing. */
  readonly history: readonly EpochLosses[];
  /** Scores of a bag of words on the same rows. */
  readonly baseline?: { readonly accuracy: number; readonly matthews?: number } | undefined;
  /** Matthews' correlation of the model, where accuracy does not say how good it is: of skewed classes, and at a threshold. */
  readonly matthews?: number | undefined;
  /** Share of the rows that have the most frequent label, 0 … 1. */
  readonly majorityShare: number;
  /** Whether the training began with a pretrained model. */
  readonly isPretrained: boolean;
}

/** Facts, and the accuracy that follows from them. */
interface Judged extends ResultFacts {
  readonly hits: number;
  readonly accuracy: number;
}

/** Fewer rows than these say little. */
export const FEW = 50;
/** An accuracy within this much of the majority's is not better. */
const SAME = 0.01;
/** n times the square of a correlation that chance reaches once in a hundred times (χ² of one degree of freedom). */
const CHANCE = 6.63;
/** How far the validation loss must rise above its lowest: a share of that, and nats. */
const [RISE, NATS] = [0.05, 0.01];
/** How many labels a line names. */
const NAMED = 3;

/** Share of the rows of a confusion matrix that have the most frequent label, 0 … 1. */
export function majorityShare(matrix: readonly (readonly number[])[]): number {
  const supports = matrix.map((row) => row.reduce((sum, count) => sum + count, 0));
  return Math.max(...supports) / supports.reduce((sum, count) => sum + count, 0);
}

/**
 * Whether F1, precision and recall say something: not where the model predicts one label for rows of several, nor where no row has the
 * second of two labels, or all rows have one of more. {@link readResult} says both.
 */
export function hasF1(matrix: readonly (readonly number[])[]): boolean {
  const predicted = matrix.filter((_, label) => matrix.some((row) => row[label]! > 0)).length;
  const occurs = matrix.map((row) => row.some((count) => count > 0));
  const classes = occurs.filter(Boolean).length;
  if ((predicted === 1 && classes > 1) || (matrix.length > 2 && classes < 2)) return false;
  return matrix.length !== 2 || occurs[1]!;
}

/** What somebody should know before they trust a classifier's accuracy: short sentences, none where nothing stands out. */
export function readResult(facts: ResultFacts): string[] {
  if (facts.n === 0) return [];
  const hits = facts.confusionMatrix.reduce((sum, row, i) => sum + row[i]!, 0);
  const judged: Judged = { ...facts, hits, accuracy: hits / facts.n };
  const lines = [fewRows, majority, bagOfWords, neverPredicted, overfitting].map((line) => line(judged));
  return lines.filter((line) => line !== undefined);
}

function fewRows({ n, hits, accuracy }: Judged): string | undefined {
  if (n >= FEW) return undefined;
  const { low, high } = wilsonInterval(hits, n);
  const range = `${percent(low)} to ${percent(high)} %`;
  return `With ${rowsInWords(n)} an accuracy of ${percent(accuracy)} % may be anything from ${range}.`;
}

function majority({ n, accuracy, matthews, majorityShare, part, labels, confusionMatrix }: Judged): string | undefined {
  if (majorityShare === 1) {
    const only = labels[confusionMatrix.findIndex((row) => row.some((count) => count > 0))];
    const rows = n === 1 ? `The one ${part} row has` : `All ${rowsInWords(n, `${part} `)} have`;
    return `${rows} the label ${JSON.stringify(only)}: that does not show whether the model tells the labels apart.`;
  }
  if (accuracy > majorityShare + SAME) return undefined;
  const [share, own] = apart(majorityShare, accuracy);
  if (matthews !== undefined && matthews > 0 && n * matthews ** 2 > CHANCE)
    return `Always predicting the most frequent label gets ${share} % of the ${part} rows right, and the model ${own} %: accuracy says little here. Matthews' correlation is ${matthews.toFixed(2)}.`;
  return `Always predicting the most frequent label gets ${share} % of the ${part} rows right, and the model ${own} %: it has not learned to tell the labels apart.`;
}

function bagOfWords({ accuracy, baseline, matthews, isPretrained }: Judged): string | undefined {
  if (!baseline) return undefined;
  const cure = isPretrained ? "Try more epochs or another learning rate." : "Start from a pretrained model (--init).";
  if (matthews !== undefined && baseline.matthews !== undefined) {
    if (baseline.matthews <= matthews) return undefined;
    const [bag, own] = [baseline.matthews, matthews].map((one) => one.toFixed(2));
    return `A bag of words, which ignores word order, does better: Matthews' correlation ${bag} against ${own}. ${cure}`;
  }
  if (baseline.accuracy <= accuracy) return undefined;
  const [bag, own] = apart(baseline.accuracy, accuracy);
  return `A bag of words, which ignores word order, does better: ${bag} % against ${own} %. ${cure}`;
}

function neverPredicted({ labels, confusionMatrix, part }: Judged): string | undefined {
  const supports = confusionMatrix.map((row) => row.reduce((sum, count) => sum + count, 0));
  const isMissing = (label: number) => supports[label]! > 0 && confusionMatrix.every((row) => row[label] === 0);
  const missing = labels.map((_, label) => label).filter(isMissing);
  if (missing.length === 0) return undefined;
  const names = missing.slice(0, NAMED).map((label) => JSON.stringify(labels[label]));
  if (missing.length > NAMED) names.push(`${missing.length - NAMED} more`);
  const rows = rowsInWords(
    missing.reduce((sum, label) => sum + supports[label]!, 0),
    `${part} `,
  );
  const [is, have] = [missing.length > 1 ? "are" : "is", rows.startsWith("1 ") ? "has" : "have"];
  return `${joined(names)} ${is} never predicted, though ${rows} ${have} ${missing.length > 1 ? "them" : "it"}.`;
}

function overfitting({ history }: Judged): string | undefined {
  const known = history.filter(({ trainLoss, validLoss }) => Number.isFinite(trainLoss) && Number.isFinite(validLoss));
  const last = known.at(-1);
  if (!last) return undefined;
  const best = known.reduce((a, b) => (b.validLoss < a.validLoss ? b : a));
  const hasRisen = last.validLoss - best.validLoss > Math.max(RISE * best.validLoss, NATS);
  if (!hasRisen || last.trainLoss >= best.trainLoss) return undefined;
  const rise = `from ${best.validLoss.toFixed(2)} to ${last.validLoss.toFixed(2)}`;
  const epoch = Number(best.epoch.toFixed(2));
  return `After epoch ${epoch} the validation loss rises (${rise}) while the training loss falls: the model memorizes its training rows (overfitting). Try fewer epochs or more rows.`;
}

const percent = (share: number): string => (100 * share).toFixed(0);

/** Two shares in percent, with decimals where they would look equal and are not. */
function apart(a: number, b: number): [string, string] {
  const digits = [0, 1, 2].find((digits) => (100 * a).toFixed(digits) !== (100 * b).toFixed(digits));
  const shown = (share: number) => (100 * share).toFixed(a === b ? 0 : (digits ?? 2));
  return [shown(a), shown(b)];
}

const rowsInWords = (n: number, kind = ""): string => `${n.toLocaleString("en-US")} ${kind}row${n === 1 ? "" : "s"}`;

const joined = (names: readonly string[]): string =>
  names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names.join("");
