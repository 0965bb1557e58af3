import { ConfigError } from "../../errors.js";
import { checkOptions, type Names } from "../../options.js";
import { common, ngrams, trimEnd, words } from "../words.js";
import { fixed, signatureOf } from "./printed.js";
import { checkFlags, checkOrder, checkTexts, type References } from "./references.js";
import { type Counts, SMOOTH_VALUES, type SmoothMethod, smoothed } from "./smoothing.js";
import { type BleuTokenizer, tokenizerOf } from "./tokenizers.js";

/** Options of BLEU. */
export interface BleuOptions {
  /**
   * How lines are split into words.
   * @default `13a`
   */
  readonly tokenize?: BleuTokenizer | undefined;
  /** Whether upper case and lower case are the same. Default: false. */
  readonly lowercase?: boolean | undefined;
  /**
   * How orders of n-grams without a match are smoothed: `exp` counts them as 1/2, 1/4, … matches, `floor` as `smoothValue` matches;
   * `add-k` adds `smoothValue` to all counts from bigrams on.
   * @default `exp`
   */
  readonly smoothMethod?: SmoothMethod | undefined;
  /**
   * The value of `floor` and `add-k`, 0 or more.
   * @default 0.1 for `floor`, 1 for `add-k`
   */
  readonly smoothValue?: number | undefined;
  /**
   * Whether orders that the hypotheses are too short for do not count, as for the scores of single sentences. Without it a corpus without
   * 4-grams scores 0. Default: false.
   */
  readonly effectiveOrder?: boolean | undefined;
  /** Highest order of n-grams. Default: 4. */
  readonly maxNgramOrder?: number | undefined;
}

const OPTIONS: Names<BleuOptions> = {
  ...{ tokenize: true, lowercase: true, smoothMethod: true, smoothValue: true, effectiveOrder: true },
  maxNgramOrder: true,
};

/** BLEU and its components; score and precisions in percent. */
export interface BleuScore extends Counts {
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
  /** What the score depends on, with sacrebleu's fields: `nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:roformer-0.1.0`. */
  readonly signature: string;
  /** The score as sacrebleu prints it: `BLEU = 32.11 62.4/38.2/25.6/17.6 (BP = 1.000 ratio = 1.003 hyp_len = 1204 ref_len = 1200)`. */
  readonly printed: string;
}

/** The options as they count. */
interface Settings extends Required<Omit<{ [K in keyof BleuOptions]: NonNullable<BleuOptions[K]> }, "smoothValue">> {
  /** Undefined for methods without one. */
  readonly smoothValue: number | undefined;
}

/**
 * BLEU of a corpus (Papineni et al., ACL 2002), equal to that of sacrebleu 2.6's `corpus_bleu`. `references`: one or several for each
 * hypothesis, which may be missing. Errors: ShapeError for another number of lists of references, DataError for a hypothesis without
 * references and for what is not a text, ConfigError for an invalid option and for tokenizers that need a model or a dictionary.
 */
export function bleu(hypotheses: readonly string[], references: References, options: BleuOptions = {}): BleuScore {
  const settings = checkSettings(options);
  const texts = checkTexts("bleu", hypotheses, references);
  const cut = (text: string) => words(settings.cut(trimEnd(settings.lowercase ? text.toLowerCase() : text)));
  const orders = Array.from({ length: settings.maxNgramOrder }, (_, n) => n + 1);
  const found = { counts: orders.map(() => 0), totals: orders.map(() => 0) };
  let [hypothesisLength, referenceLength] = [0, 0];
  for (const [i, text] of hypotheses.entries()) {
    const [hypothesis, truths] = [cut(text), texts.references[i]!.map(cut)];
    hypothesisLength += hypothesis.length;
    referenceLength += nearest(hypothesis.length, truths);
    for (const n of orders) {
      found.counts[n - 1]! += common(ngrams(hypothesis, n), largest(truths.map((truth) => ngrams(truth, n))));
      found.totals[n - 1]! += Math.max(0, hypothesis.length - n + 1);
    }
  }
  const brevityPenalty = penalty(hypothesisLength, referenceLength);
  const { smoothMethod: method, smoothValue: value = 0, effectiveOrder } = settings;
  const { mean, ...precisions } = smoothed(found, { method, value, effectiveOrder });
  const score = { score: brevityPenalty * mean, ...precisions, brevityPenalty, hypothesisLength, referenceLength };
  return { ...score, signature: signature(settings, texts.count), printed: printed(score) };
}

function checkSettings(options: BleuOptions): Settings & { readonly cut: (line: string) => string } {
  checkOptions("bleu", options, OPTIONS);
  const { tokenize = "13a", lowercase = false, smoothMethod = "exp", effectiveOrder = false } = options;
  const { maxNgramOrder = 4 } = options;
  const cut = tokenizerOf("bleu", tokenize);
  checkFlags("bleu", { lowercase, effectiveOrder });
  checkOrder("bleu: maxNgramOrder", maxNgramOrder, 1);
  if (!Object.hasOwn(SMOOTH_VALUES, smoothMethod))
    throw new ConfigError(`bleu: smoothMethod is ${smoothMethod}, not one of ${Object.keys(SMOOTH_VALUES).join(", ")}`);
  const usual = SMOOTH_VALUES[smoothMethod];
  const smoothValue = options.smoothValue ?? usual;
  if (smoothValue !== undefined && usual === undefined)
    throw new ConfigError(
      `bleu: smoothValue is set, which smoothMethod ${smoothMethod} does not use; floor and add-k do`,
    );
  if (smoothValue !== undefined && !(Number.isFinite(smoothValue) && smoothValue >= 0))
    throw new ConfigError(`bleu: smoothValue is ${smoothValue}, not a number of at least 0`);
  return { tokenize, lowercase, smoothMethod, smoothValue, effectiveOrder, maxNgramOrder, cut };
}

function penalty(hypothesisLength: number, referenceLength: number): number {
  if (hypothesisLength >= referenceLength) return 1;
  return hypothesisLength === 0 ? 0 : Math.exp(1 - referenceLength / hypothesisLength);
}

/** The length of a reference nearest to the hypothesis's; of two equally near, the shorter. */
function nearest(length: number, references: readonly (readonly string[])[]): number {
  const away = (n: number) => Math.abs(n - length);
  const lengths = references.map((reference) => reference.length).sort((a, b) => away(a) - away(b) || a - b);
  return lengths[0]!;
}

/** For each n-gram, its maximum count in one reference. */
function largest(counts: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  if (counts.length === 1) return counts[0]!;
  const found = new Map<string, number>();
  for (const one of counts) for (const [key, count] of one) found.set(key, Math.max(count, found.get(key) ?? 0));
  return found;
}

function signature(
  { lowercase, effectiveOrder, tokenize, smoothMethod, smoothValue }: Settings,
  count: number | "var",
) {
  return signatureOf({
    ...{ nrefs: count, case: lowercase ? "lc" : "mixed", eff: effectiveOrder ? "yes" : "no", tok: tokenize },
    smooth: smoothValue === undefined ? smoothMethod : `${smoothMethod}[${fixed(smoothValue, 2)}]`,
  });
}

function printed(found: Omit<BleuScore, "signature" | "printed">): string {
  const { score, precisions, brevityPenalty, hypothesisLength, referenceLength } = found;
  const ratio = referenceLength === 0 ? 0 : hypothesisLength / referenceLength;
  return (
    `BLEU = ${fixed(score, 2)} ${precisions.map((precision) => fixed(precision, 1)).join("/")} ` +
    `(BP = ${fixed(brevityPenalty, 3)} ratio = ${fixed(ratio, 3)} hyp_len = ${hypothesisLength} ref_len = ${referenceLength})`
  );
}
