import { ConfigError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { type BleuTokenizer, bleuTokenizers } from "./bleuTokenizers.js";
import { samePairs } from "./pairs.js";
import { common, ngrams, trimEnd, words } from "./words.js";

/** Maximum n-gram order. */
const ORDERS = 4;

/** Options of BLEU. */
export interface BleuOptions {
  /**
   * How lines are split into words.
   * @default `13a`
   */
  readonly tokenize?: BleuTokenizer | undefined;
}

const OPTIONS: Names<BleuOptions> = { tokenize: true };

/** BLEU and its components; score and precisions in percent. */
export interface BleuScore {
  /** Geometric mean of the precisions, times the brevity penalty; 0 … 100. */
  readonly score: number;
  /** Precisions of 1-, 2-, 3- and 4-grams, 0 … 100. */
  readonly precisions: readonly number[];
  /** e^(1 − referenceLength / hypothesisLength), at most 1. */
  readonly brevityPenalty: number;
  /** Number of words of all hypotheses. */
  readonly hypothesisLength: number;
  /** Number of words of the references nearest in length. */
  readonly referenceLength: number;
}

/**
 * BLEU of a corpus (Papineni et al., ACL 2002) as in sacrebleu's `corpus_bleu`: case-sensitive, exponential smoothing, no
 * effective order, so a corpus without 4-grams scores 0. `references`: one or several for each hypothesis. Errors:
 * ShapeError for another number of references, ConfigError for an unknown `tokenize`.
 */
export function bleu(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
  options: BleuOptions = {},
): BleuScore {
  checkOptions("bleu", options, OPTIONS);
  const { tokenize = "13a" } = options;
  samePairs("bleu", hypotheses, references);
  if (!Object.hasOwn(bleuTokenizers, tokenize)) {
    throw new ConfigError(`bleu: tokenize is ${tokenize}, not one of ${Object.keys(bleuTokenizers).join(", ")}`);
  }
  const cut = (text: string) => words(bleuTokenizers[tokenize](trimEnd(text)));
  const [correct, total] = [new Array<number>(ORDERS).fill(0), new Array<number>(ORDERS).fill(0)];
  let [hypothesisLength, referenceLength] = [0, 0];
  for (const [i, text] of hypotheses.entries()) {
    const [hypothesis, truths] = [cut(text), references[i]!.map(cut)];
    hypothesisLength += hypothesis.length;
    referenceLength += nearest(hypothesis.length, truths);
    for (let n = 1; n <= ORDERS; n++) {
      correct[n - 1]! += common(ngrams(hypothesis, n), largest(truths.map((truth) => ngrams(truth, n))));
      total[n - 1]! += Math.max(0, hypothesis.length - n + 1);
    }
  }
  const brevityPenalty =
    hypothesisLength >= referenceLength
      ? 1
      : hypothesisLength === 0
        ? 0
        : Math.exp(1 - referenceLength / hypothesisLength);
  const precisions = smoothed(correct, total);
  const score = precisions.includes(0)
    ? 0
    : brevityPenalty * Math.exp(precisions.reduce((sum, p) => sum + Math.log(p), 0) / ORDERS);
  return { score, precisions, brevityPenalty, hypothesisLength, referenceLength };
}

/** Percentages: the k-th order without a match counts as 1/2^k matches; all 0 without any match. */
function smoothed(correct: readonly number[], total: readonly number[]): number[] {
  const precisions = new Array<number>(ORDERS).fill(0);
  if (correct.every((count) => count === 0)) return precisions;
  let matches = 1;
  for (let n = 0; n < ORDERS && total[n]! > 0; n++) {
    if (correct[n] === 0) matches /= 2;
    precisions[n] = (100 * (correct[n]! || matches)) / total[n]!;
  }
  return precisions;
}

/** The length of a reference nearest to the hypothesis's; of two equally near, the shorter. */
function nearest(length: number, references: readonly (readonly string[])[]): number {
  const away = (n: number) => Math.abs(n - length);
  const lengths = references.map((reference) => reference.length).sort((a, b) => away(a) - away(b) || a - b);
  return lengths[0] ?? 0;
}

/** For each n-gram, its maximum count in one reference. */
function largest(counts: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const one of counts) for (const [key, count] of one) found.set(key, Math.max(count, found.get(key) ?? 0));
  return found;
}
