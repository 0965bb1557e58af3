import type { Tokenizer } from "../tokenizers/tokenizer.js";

/** Rows that are encoded at once to measure them. */
const TOGETHER = 4096;
/** A longer word is one unknown piece to a WordPiece tokenizer. */
const LONGEST_WORD = 100;
/** Characters that BERT's pre-tokenizer cuts apart: Chinese ideographs. */
const IDEOGRAPHS = "\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{2fa1f}";
/** Characters of scripts without spaces between words, whose runs the pre-tokenizer leaves whole. */
const UNSPACED = "\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmr}\\p{sc=Mymr}ー";
/** What a WordPiece vocabulary is made of: an ideograph, a run of a script without spaces, a word, or a mark. */
const WORDS = new RegExp(
  `[${IDEOGRAPHS}]|[${UNSPACED}]{1,1000}|(?:(?![${IDEOGRAPHS}${UNSPACED}])[\\p{L}\\p{M}\\p{N}]){1,${LONGEST_WORD + 1}}|[^\\s\\p{L}\\p{M}\\p{N}]`,
  "gu",
);
const IS_UNSPACED = new RegExp(`^[${UNSPACED}]`, "u");
/** Words after which counting ends: the vocabulary is at its largest long before. */
const ENOUGH = 100_000;

const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

/**
 * Entries of a WordPiece vocabulary for texts, 1000 to 8000: one for each different word as the tokenizer's pre-tokenizer cuts them. An
 * ideograph is a word; of a run without spaces (Japanese kana, Thai) every pair of neighbors counts as one.
 */
export function usualVocabSize(texts: Iterable<string>): number {
  const words = new Set<string>();
  for (const text of texts) {
    if (words.size >= ENOUGH) break;
    for (const [word] of text.toLowerCase().matchAll(WORDS)) {
      if (!IS_UNSPACED.test(word)) {
        if (word.length <= LONGEST_WORD) words.add(word);
        continue;
      }
      for (let at = 0; at < word.length; at++) words.add(word.slice(at, at + 2));
    }
  }
  return clamp(Math.round(words.size / 100) * 100, 1000, 8000);
}

/** Tokens of each sequence when nothing is cut, special ones included. `rows`: the texts of each, further ones as its pair. */
export function encodedLengths(tokenizer: Tokenizer, rows: readonly (readonly string[])[]): Int32Array {
  const lengths = new Int32Array(rows.length);
  for (let at = 0; at < rows.length; at += TOGETHER) {
    const some = rows.slice(at, at + TOGETHER);
    const pairs = some.map((texts) => texts.slice(1).join(" "));
    const hasPairs = some.some((texts) => texts.length > 1);
    const { offsets } = tokenizer.encodeBatch(
      some.map((texts) => texts[0]!),
      hasPairs ? { pairs } : {},
    );
    for (const i of some.keys()) lengths[at + i] = offsets[i + 1]! - offsets[i]!;
  }
  return lengths;
}

/** Tokens that a text is cut to so that nine in ten of these lengths fit, a multiple of 16 from 16 to 256. */
export function usualLength(lengths: Int32Array): number {
  const sorted = lengths.slice().sort();
  return clamp(Math.ceil(sorted[Math.floor(0.9 * sorted.length)]! / 16) * 16, 16, 256);
}

/** What cutting texts to `maxLength` tokens costs, in one line. */
export function cutInWords(lengths: Int32Array, maxLength: number): string {
  const cut = lengths.filter((length) => length > maxLength);
  if (cut.length === 0) return `no text is longer than ${maxLength} tokens`;
  const lost = cut.reduce((sum, length) => sum + length - maxLength, 0);
  const all = lengths.reduce((sum, length) => sum + length, 0);
  return (
    `${cut.length} of ${lengths.length} texts (${percent(cut.length / lengths.length)}) are cut to ${maxLength} tokens: ` +
    `${percent(lost / all)} of all tokens are lost`
  );
}

const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
