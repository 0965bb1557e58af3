import { ConfigError, DataError, ShapeError } from "../../errors.js";
import { checkOptions, type Names } from "../../options.js";
import type { BagOfWordsSettings } from "./plan.js";

/** Options of `trainBagOfWords`. */
export interface BagOfWordsOptions extends BagOfWordsSettings {
  /** Texts of the rows, 1 or more. */
  readonly texts: readonly string[];
  /** Second texts of the rows, as many as texts. A row may have none. Default: no row has. */
  readonly pairs?: readonly (string | undefined)[] | undefined;
  /** Class of each row, 0 … `numLabels` − 1. */
  readonly labels: ArrayLike<number>;
  /** Classes in all, 1 or more; some may have no row. */
  readonly numLabels: number;
  /** How far the weights may go to fit the rows: scikit-learn's C. Default: 5. */
  readonly c?: number | undefined;
  /** The fit ends when no probability is more than about this far from the best weights'. Default: 1e-4. */
  readonly tolerance?: number | undefined;
  /**
   * The fit ends after so many steps of L-BFGS in any case.
   * @default 1,000, or less: 2²⁷ divided by logits · (values + 8 · columns) of the rows, and at least 15; two classes have one logit
   */
  readonly maxIterations?: number | undefined;
  /** Ends the training with an AbortError. */
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS: Names<BagOfWordsOptions> = {
  ...{ texts: true, pairs: true, labels: true, numLabels: true, signal: true },
  ...{ words: true, characters: true, buckets: true, idf: true, c: true, tolerance: true, maxIterations: true },
};

/** Errors: ConfigError for a setting, ShapeError for lists that do not fit each other, DataError for no texts and for a label. */
export function checkBagOfWords(options: BagOfWordsOptions): void {
  checkOptions("trainBagOfWords", options, OPTIONS);
  const { texts, pairs, labels, numLabels, words, characters, idf } = options;
  if (texts.length === 0) throw new DataError("trainBagOfWords: there are no texts");
  if (labels.length !== texts.length)
    throw new ShapeError("trainBagOfWords: labels", labels.length, `${texts.length}, as texts`);
  checkPairs("trainBagOfWords", texts, pairs);
  checkNumber("numLabels", numLabels, isWhole);
  const { buckets = 1, maxIterations = 1, c = 1, tolerance = 1 } = options;
  for (const [name, value] of Object.entries({ buckets, maxIterations })) checkNumber(name, value, isWhole);
  for (const [name, value] of Object.entries({ c, tolerance })) checkNumber(name, value, isPositive);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (!Number.isInteger(label) || label < 0 || label >= numLabels)
      throw new DataError(`trainBagOfWords: label ${i} is ${label}, not a whole number from 0 to ${numLabels - 1}`);
  }
  checkRange("words", words);
  checkRange("characters", characters);
  if (words === false && characters === false) throw new ConfigError("trainBagOfWords: words or characters are needed");
  if (idf !== undefined && typeof idf !== "boolean")
    throw new ConfigError(`trainBagOfWords: idf is ${idf}, not true or false`);
}

/** Errors: ShapeError where there are pairs, and not as many as texts. */
export function checkPairs(where: string, texts: readonly string[], pairs: readonly unknown[] | undefined): void {
  if (pairs && pairs.length !== texts.length)
    throw new ShapeError(`${where}: pairs`, pairs.length, `${texts.length}, as texts`);
}

/** What a number must be. */
interface Kind {
  readonly want: string;
  readonly fits: (value: number) => boolean;
}

const isWhole: Kind = { want: "a whole number of at least 1", fits: (n) => Number.isSafeInteger(n) && n >= 1 };
const isPositive: Kind = { want: "a positive number", fits: (n) => Number.isFinite(n) && n > 0 };

function checkNumber(name: string, value: unknown, { want, fits }: Kind): void {
  if (!(typeof value === "number" && fits(value)))
    throw new ConfigError(
      `trainBagOfWords: ${name} is ${typeof value === "string" ? JSON.stringify(value) : value}, not ${want}`,
    );
}

function checkRange(name: string, value: unknown): void {
  if (value === undefined || value === false) return;
  const [least, greatest, ...more] = Array.isArray(value) ? value : [];
  if (more.length === 0 && isWhole.fits(least) && isWhole.fits(greatest) && least <= greatest) return;
  const want = "false or two whole numbers from 1, the smaller one first";
  throw new ConfigError(`trainBagOfWords: ${name} is ${JSON.stringify(value)}, not ${want}`);
}
