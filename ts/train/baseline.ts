import { AbortError } from "../errors.js";
import { trainBagOfWords } from "./bagOfWords/index.js";
import { classScores } from "./tasks/classify.js";
import type { Example } from "./tasks/task.js";

/** How well a bag of words does that learned from the same rows: the score that a classifier should beat. */
export interface BagOfWordsMetrics {
  /** Rows that it was scored on: those of the model's own scores. */
  readonly n: number;
  /** Share of the rows whose class is right, 0 … 1. */
  readonly accuracy: number;
  /** F1 as of the model's own scores. */
  readonly f1: number;
  /** Precision, likewise. */
  readonly precision: number;
  /** Recall, likewise. */
  readonly recall: number;
  /** Matthews' correlation coefficient, −1 … 1. */
  readonly matthews: number;
}

/** Rows of a classifier: their texts, or pairs of texts, and their classes. */
export interface ClassRows {
  readonly texts: readonly (readonly string[])[];
  readonly labels: Int32Array;
}

/** The rows of a part of the data. */
export const classRows = (texts: readonly (readonly string[])[], examples: readonly Example[]): ClassRows => ({
  texts,
  labels: Int32Array.from(examples, ({ label }) => label as number),
});

/** The listener of a baseline, and the signal that stops it. */
export interface BaselineCall {
  readonly numLabels: number;
  readonly signal: AbortSignal | undefined;
  readonly onMessage: ((line: string) => void) | undefined;
}

/**
 * Trains a bag of words on some rows and scores it on others. It never fails: what goes wrong is a message, and a stop is the run's to
 * notice; both leave out the scores.
 */
export async function baseline(
  train: ClassRows,
  scored: Readonly<Record<string, ClassRows | undefined>>,
  { numLabels, signal, onMessage }: BaselineCall,
): Promise<Readonly<Record<string, BagOfWordsMetrics>>> {
  const found: Record<string, BagOfWordsMetrics> = {};
  try {
    const bag = await trainBagOfWords({ ...columns(train), labels: train.labels, numLabels, signal });
    for (const [part, rows] of Object.entries(scored)) {
      if (!rows || rows.labels.length === 0) continue;
      const { texts, pairs } = columns(rows);
      found[part] = scores(await bag.predict(texts, pairs, { signal }), rows.labels, numLabels);
    }
    return found;
  } catch (error) {
    if (!(error instanceof AbortError && signal?.aborted))
      onMessage?.(`no bag of words to compare with: ${(error as Error).message}`);
    return {};
  }
}

function columns({ texts }: ClassRows): { texts: string[]; pairs?: string[] } {
  const firsts = texts.map(([text]) => text!);
  return texts[0]!.length > 1 ? { texts: firsts, pairs: texts.map(([, pair]) => pair!) } : { texts: firsts };
}

const scores = (predicted: Int32Array, labels: Int32Array, numLabels: number): BagOfWordsMetrics => ({
  n: labels.length,
  ...classScores(predicted, labels, numLabels),
});
