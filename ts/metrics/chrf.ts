import { checkOptions, type Names } from "../options.js";
import { samePairs } from "./pairs.js";
import { common, ngrams, PUNCTUATION, words } from "./words.js";

/** Maximum order of character n-grams. */
const CHARACTERS = 6;
/** Recall has β² times the weight of precision. */
const BETA_SQUARED = 4;

/** Options of chrF. */
export interface ChrfOptions {
  /** Maximum order of word n-grams: 0 for chrF, 2 for chrF++. Default: 0. */
  readonly wordOrder?: number | undefined;
}

const OPTIONS: Names<ChrfOptions> = { wordOrder: true };

/** For each order: n-grams in the hypothesis, in the reference, in both. */
type Statistics = readonly (readonly [hypothesis: number, reference: number, both: number])[];

/**
 * chrF of a corpus in percent (Popović, WMT 2015), and chrF++ (2017), as in sacrebleu 2.6: without whitespace, effective
 * order, β = 2, the best of several references for each hypothesis. Errors: ShapeError.
 */
export function chrf(
  hypotheses: readonly string[],
  references: readonly (readonly string[])[],
  options: ChrfOptions = {},
): number {
  checkOptions("chrf", options, OPTIONS);
  const { wordOrder = 0 } = options;
  samePairs("chrf", hypotheses, references);
  let total: Statistics = Array.from({ length: CHARACTERS + wordOrder }, () => [0, 0, 0] as const);
  for (const [i, hypothesis] of hypotheses.entries()) {
    const counts = allNgrams(hypothesis, wordOrder);
    const each = references[i]!.map((reference) => compare(counts, allNgrams(reference, wordOrder)));
    const best = each.reduce<Statistics | undefined>((a, b) => (a && score(a) >= score(b) ? a : b), undefined);
    if (best) total = total.map(([h, r, b], n) => [h + best[n]![0], r + best[n]![1], b + best[n]![2]]);
  }
  return score(total);
}

function allNgrams(text: string, wordOrder: number): Map<string, number>[] {
  const characters = [...words(text).join("")];
  const parts = wordsAndMarks(text);
  return [
    ...Array.from({ length: CHARACTERS }, (_, i) => ngrams(characters, i + 1, "")),
    ...Array.from({ length: wordOrder }, (_, i) => ngrams(parts, i + 1)),
  ];
}

/** Words; one punctuation mark at the end of a word, or else at its beginning, is a separate word. */
function wordsAndMarks(text: string): string[] {
  return words(text).flatMap((word) => {
    const characters = [...word];
    if (characters.length === 1) return [word];
    if (PUNCTUATION.has(characters.at(-1)!)) return [characters.slice(0, -1).join(""), characters.at(-1)!];
    return PUNCTUATION.has(characters[0]!) ? [characters[0]!, characters.slice(1).join("")] : [word];
  });
}

/** N-grams of the hypothesis count only for orders that the reference has. */
function compare(hypothesis: readonly Map<string, number>[], reference: readonly Map<string, number>[]): Statistics {
  const sum = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);
  return hypothesis.map((counts, n) => [
    reference[n]!.size > 0 ? sum(counts) : 0,
    sum(reference[n]!),
    common(counts, reference[n]!),
  ]);
}

function score(statistics: Statistics): number {
  const used = statistics.filter(([hypothesis, reference]) => hypothesis > 0 && reference > 0);
  const precision = used.reduce((sum, [hypothesis, , both]) => sum + both / hypothesis, 0) / used.length;
  const recall = used.reduce((sum, [, reference, both]) => sum + both / reference, 0) / used.length;
  if (!(precision + recall > 0)) return 0;
  return (100 * (1 + BETA_SQUARED) * precision * recall) / (BETA_SQUARED * precision + recall);
}
