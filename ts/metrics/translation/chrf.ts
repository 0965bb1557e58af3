import { ConfigError } from "../../errors.js";
import { checkOptions, type Names } from "../../options.js";
import { common, ngrams, PUNCTUATION, words } from "../words.js";
import { fixed, signatureOf } from "./printed.js";
import { checkFlags, checkOrder, checkTexts, type References } from "./references.js";

/** Options of chrF. */
export interface ChrfOptions {
  /** Highest order of character n-grams. Default: 6. */
  readonly charOrder?: number | undefined;
  /** Highest order of word n-grams: 0 for chrF, 2 for chrF++. Default: 0. */
  readonly wordOrder?: number | undefined;
  /** Recall has β² times the weight of precision. Default: 2. */
  readonly beta?: number | undefined;
  /** Whether upper case and lower case are the same. Default: false. */
  readonly lowercase?: boolean | undefined;
  /** Whether character n-grams contain whitespace. Default: false. */
  readonly whitespace?: boolean | undefined;
  /**
   * Whether the mean is that of all orders' F-scores, with 10⁻¹⁶ for what cannot be computed, as in chrF++.py, Moses and NLTK, instead of the
   * F-score of the mean precision and recall of the orders that both sides have. Default: false.
   */
  readonly epsSmoothing?: boolean | undefined;
}

const OPTIONS: Names<ChrfOptions> = {
  ...{ charOrder: true, wordOrder: true, beta: true, lowercase: true, whitespace: true, epsSmoothing: true },
};

/** chrF of a corpus. */
export interface ChrfScore {
  /** In percent, 0 … 100. */
  readonly score: number;
  /** What the score depends on, with sacrebleu's fields: `nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:roformer-0.1.0`. */
  readonly signature: string;
  /** The score as sacrebleu prints it: `chrF2 = 58.71`, `chrF2++ = 56.38`. */
  readonly printed: string;
}

/** The options as they count. */
type Settings = Required<{ [K in keyof ChrfOptions]: NonNullable<ChrfOptions[K]> }>;

/** For each order: n-grams in the hypothesis, in the reference, in both. */
type Statistics = readonly (readonly [hypothesis: number, reference: number, both: number])[];

/** What stands for a precision, recall or F-score that would be 0 / 0. */
const EPSILON = 1e-16;

/**
 * chrF of a corpus (Popović, WMT 2015), and chrF++ (2017), equal to that of sacrebleu 2.6's `corpus_chrf`: of several references the one with
 * the best score counts. `references`: one or several for each hypothesis, which may be missing. Errors: ShapeError for another number of
 * lists of references, DataError for a hypothesis without references and for what is not a text, ConfigError for an invalid option.
 */
export function chrfScore(hypotheses: readonly string[], references: References, options: ChrfOptions = {}): ChrfScore {
  const settings = checkSettings(options);
  const texts = checkTexts("chrf", hypotheses, references);
  let sum: Statistics = Array.from({ length: settings.charOrder + settings.wordOrder }, () => [0, 0, 0]);
  for (const [i, hypothesis] of hypotheses.entries()) {
    const counts = allNgrams(hypothesis, settings);
    const each = texts.references[i]!.map((reference) => compare(counts, allNgrams(reference, settings)));
    const best = each.reduce((a, b) => (fScore(a, settings) >= fScore(b, settings) ? a : b));
    sum = sum.map(([h, r, b], n) => [h + best[n]![0], r + best[n]![1], b + best[n]![2]]);
  }
  const score = fScore(sum, settings);
  const { lowercase, epsSmoothing, charOrder, wordOrder, beta, whitespace } = settings;
  const signature = signatureOf({
    ...{ nrefs: texts.count, case: lowercase ? "lc" : "mixed", eff: epsSmoothing ? "no" : "yes" },
    ...{ nc: charOrder, nw: wordOrder, space: whitespace ? "yes" : "no" },
  });
  return { score, signature, printed: `chrF${beta}${"+".repeat(wordOrder)} = ${fixed(score, 2)}` };
}

/** The number of {@link chrfScore}: chrF of a corpus in percent. Errors: as there. */
export const chrf = (hypotheses: readonly string[], references: References, options?: ChrfOptions): number =>
  chrfScore(hypotheses, references, options).score;

function checkSettings(options: ChrfOptions): Settings {
  checkOptions("chrf", options, OPTIONS);
  const { charOrder = 6, wordOrder = 0, beta = 2 } = options;
  const { lowercase = false, whitespace = false, epsSmoothing = false } = options;
  checkOrder("chrf: charOrder", charOrder, 1);
  checkOrder("chrf: wordOrder", wordOrder, 0);
  checkFlags("chrf", { lowercase, whitespace, epsSmoothing });
  if (!(Number.isFinite(beta) && beta > 0)) throw new ConfigError(`chrf: beta is ${beta}, not a positive number`);
  return { charOrder, wordOrder, beta, lowercase, whitespace, epsSmoothing };
}

function allNgrams(given: string, { charOrder, wordOrder, lowercase, whitespace }: Settings): Map<string, number>[] {
  const text = lowercase ? given.toLowerCase() : given;
  const characters = [...(whitespace ? text : words(text).join(""))];
  const parts = wordOrder > 0 ? wordsAndMarks(text) : [];
  return [
    ...Array.from({ length: charOrder }, (_, i) => ngrams(characters, i + 1, "")),
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

const fScore = (statistics: Statistics, { beta, epsSmoothing }: Settings): number =>
  epsSmoothing ? meanOfScores(statistics, beta ** 2) : scoreOfMeans(statistics, beta ** 2);

function meanOfScores(statistics: Statistics, factor: number): number {
  const scores = statistics.map(([hypothesis, reference, both]) => {
    const precision = hypothesis > 0 ? both / hypothesis : EPSILON;
    const recall = reference > 0 ? both / reference : EPSILON;
    const below = factor * precision + recall;
    return below > 0 ? ((1 + factor) * precision * recall) / below : EPSILON;
  });
  return (100 * scores.reduce((sum, score) => sum + score, 0)) / statistics.length;
}

function scoreOfMeans(statistics: Statistics, factor: number): number {
  const used = statistics.filter(([hypothesis, reference]) => hypothesis > 0 && reference > 0);
  const precision = used.reduce((sum, [hypothesis, , both]) => sum + both / hypothesis, 0) / used.length;
  const recall = used.reduce((sum, [, reference, both]) => sum + both / reference, 0) / used.length;
  // Neither is a number where no order is used.
  if (!(precision + recall > 0)) return 0;
  return 100 * (((1 + factor) * precision * recall) / (factor * precision + recall));
}
