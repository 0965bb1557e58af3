import { BagOfWords, type BagOfWordsReport, breathing, widthOf } from "./bagOfWords.js";
import { Features, type RowTexts } from "./features.js";
import { classesOf } from "./likelihood.js";
import { fitLogistic } from "./logistic.js";
import { type BagOfWordsOptions, checkBagOfWords } from "./options.js";
import { type Plan, planOf } from "./plan.js";
import type { SparseRows } from "./sparse.js";

export type { BagOfWords } from "./bagOfWords.js";
export type { Range } from "./grams.js";
export type { BagOfWordsOptions } from "./options.js";

/** Operations that a fit should take, more or less, and the steps that it makes in any case. */
const [OPERATIONS, FEWEST] = [2 ** 27, 15];

/**
 * Trains a classifier that knows which words and letters a text has, but not their order: the score that a trained model must beat. Its
 * features are word and character n-grams, as scikit-learn's `HashingVectorizer(alternate_sign=False, norm=None)` and `TfidfTransformer` make
 * them for texts of up to 2¹⁷ characters; its weights are those of `LogisticRegression(C=c)`, and its probabilities equal scikit-learn's
 * within the tolerance. It takes about a second for 8,000 short texts. The defaults of `characters`, `buckets` and `maxIterations` bound the
 * time for large data; of more than 2²⁶ characters of text, or 2²⁹ times the classes, it uses evenly spaced rows. The result follows from the
 * options alone. Errors: ConfigError, ShapeError, DataError without texts or for a label out of range, AbortError.
 */
export async function trainBagOfWords(options: BagOfWordsOptions): Promise<BagOfWords> {
  checkBagOfWords(options);
  const { texts, pairs, numLabels, c = 5, tolerance = 1e-4, signal } = options;
  const breath = breathing(signal);
  const plan = planOf({ texts, pairs }, widthOf(present(Array.from(options.labels)).length), options);
  const labels = Array.from(plan.rows, (row) => options.labels[row]!);
  const classes = present(labels);
  const features = new Features(plan, pairs !== undefined);
  const rows = await features.fit(chosen({ texts, pairs }, plan), plan.idf, breath);
  if (classes.length < 2) {
    const report = reportOf(plan, 0, true);
    return new BagOfWords({ features, weights: new Float64Array(0), classes, numLabels, report });
  }
  const known = classesOf(
    Int32Array.from(labels, (label) => classes.indexOf(label)),
    classes.length,
  );
  const { weights, iterations, isConverged } = await fitLogistic(
    { rows, columns: features.count, classes: known, c },
    {
      tolerance,
      maxIterations: options.maxIterations ?? affordable(rows, features.count, known.width),
      rowNorm: Math.sqrt(features.blocks),
    },
    breath,
  );
  return new BagOfWords({ features, weights, classes, numLabels, report: reportOf(plan, iterations, isConverged) });
}

/** The classes that occur, in order. */
const present = (labels: readonly number[]): number[] => [...new Set(labels)].sort((a, b) => a - b);

function chosen({ texts, pairs }: RowTexts, { rows }: Plan): RowTexts {
  if (rows.length === texts.length) return { texts, pairs };
  const of = <T>(values: readonly T[]) => Array.from(rows, (row) => values[row]!);
  return { texts: of(texts), pairs: pairs && Array.from(rows, (row) => pairs[row]) };
}

function affordable({ values }: SparseRows, columns: number, width: number): number {
  const each = width * (values.length + 8 * columns);
  return Math.min(1000, Math.max(FEWEST, Math.floor(OPERATIONS / each)));
}

const reportOf = (
  { rows, words, characters, buckets }: Plan,
  iterations: number,
  isConverged: boolean,
): BagOfWordsReport => ({
  ...{ rows: rows.length, words, characters, buckets, iterations, isConverged },
});
