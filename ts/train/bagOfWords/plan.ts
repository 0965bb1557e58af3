import { type FeatureSettings, LONGEST, type RowTexts } from "./features.js";
import type { Range } from "./grams.js";

/** What may be set of a bag of words; what is not follows from the data. */
export interface BagOfWordsSettings {
  /** Least and greatest number of words of an n-gram; `false`: no words. Default: `[1, 2]`. */
  readonly words?: Range | false | undefined;
  /**
   * Least and greatest number of characters of an n-gram; `false`: no characters. Default: `[3, 5]`, or `[1, 4]` where words between spaces
   * have more than 12 characters in the mean, as in Chinese; `false` for more than 2²² characters of text in all, which count once for each
   * class if there are more than two.
   */
  readonly characters?: Range | false | undefined;
  /**
   * Columns that n-grams of one kind, of one of a row's texts, are hashed into.
   * @default 2 ** 18, or less: all columns times classes are at most 2²¹
   */
  readonly buckets?: number | undefined;
  /** Whether rare n-grams count for more (smooth inverse document frequency). Default: true. */
  readonly idf?: boolean | undefined;
}

/** What a bag of words is made of. */
export interface Plan extends FeatureSettings {
  /** Which of the rows are learned from. */
  readonly rows: Int32Array;
}

/** Characters of text times logits up to which n-grams of characters are counted. */
const CHARACTERS = 2 ** 22;

/** Characters of text, and characters times logits, up to which all rows are used. */
const [TEXT, WORK] = [2 ** 26, 2 ** 29];

/** Columns in all times logits. */
const WEIGHTS = 2 ** 21;

/** Characters of a word, in the mean, from which on spaces do not part words. */
const LONG = 12;

/** Settings for data: what keeps the work to some seconds. `width`: logits of a row. */
export function planOf({ texts, pairs }: RowTexts, width: number, settings: BagOfWordsSettings): Plan {
  const all = pairs ? [...texts, ...pairs.map((pair) => pair ?? "")] : texts;
  const size = all.reduce((sum, text) => sum + Math.min(text.length, LONGEST), 0);
  const { words = [1, 2], idf = true } = settings;
  const { characters = size * width > CHARACTERS && words !== false ? false : charactersFor(all) } = settings;
  const kinds = (words ? 1 : 0) + (characters ? 1 : 0);
  const { buckets = bucketsFor(kinds * (pairs ? 2 : 1) * width) } = settings;
  const share = Math.min(1, TEXT / size, WORK / (size * width));
  const count = size === 0 ? texts.length : Math.max(1, Math.floor(texts.length * share));
  const rows = Int32Array.from({ length: count }, (_, i) => Math.floor((i * texts.length) / count));
  return { words: words || undefined, characters: characters || undefined, buckets, idf, rows };
}

function charactersFor(texts: readonly string[]): Range {
  let [words, characters] = [0, 0];
  for (const text of texts) {
    for (const word of text.match(/\S+/g) ?? []) {
      words++;
      characters += word.length;
    }
  }
  return characters > LONG * words ? [1, 4] : [3, 5];
}

function bucketsFor(columns: number): number {
  let buckets = 2 ** 18;
  while (buckets > 2 ** 10 && buckets * columns > WEIGHTS) buckets /= 2;
  return buckets;
}
