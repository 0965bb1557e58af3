import { murmur3 } from "./murmur.js";

/** Least and greatest number of words or characters in an n-gram. */
export type Range = readonly [least: number, greatest: number];

/** A reader of n-grams: hashes of a text's, signed 32-bit, one for each occurrence. The array is valid until the next call. */
export type Grams = (text: string) => Int32Array;

/** Python's `\w\w+`: letters, numbers and the underscore; marks part words. */
const WORD = /[\p{L}\p{N}_]{2,}/gu;

/** What Python's `str.split` and `\s` take for white space, which is not what JavaScript's `\s` does. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python splits at U+001C … U+001F too.
const SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;

/** Word n-grams, as scikit-learn's `analyzer="word"` with its default pattern. */
export function wordGrams([least, greatest]: Range): Grams {
  const [units, hashes] = [new Units(), new Hashes()];
  return (text) => {
    units.read(text.toLowerCase().match(WORD) ?? []);
    hashes.count = 0;
    for (let n = least; n <= greatest; n++) {
      for (let i = 0; i + n <= units.count; i++) {
        hashes.add(murmur3(units.bytes, units.offsets[units.spaces[i]! + 1]!, units.offsets[units.spaces[i + n]!]!));
      }
    }
    return hashes.found();
  };
}

/**
 * Character n-grams within words, as scikit-learn's `analyzer="char_wb"`: a word has a space on either side, and counts once if it is not
 * longer than the n-gram with them.
 */
export function characterGrams(range: Range): Grams {
  const [units, hashes] = [new Units(), new Hashes()];
  return (text) => {
    const words = text.toLowerCase().split(SPACE);
    units.read(words.filter((word) => word !== ""));
    hashes.count = 0;
    for (let i = 0; i < units.count; i++) addCharacters(units, i, range, hashes);
    return hashes.found();
  };
}

function addCharacters({ bytes, offsets, spaces }: Units, unit: number, [least, greatest]: Range, hashes: Hashes) {
  const [first, end] = [spaces[unit]!, spaces[unit + 1]! + 1];
  for (let n = least; n <= greatest; n++) {
    const last = Math.max(first, end - n);
    for (let i = first; i <= last; i++) hashes.add(murmur3(bytes, offsets[i]!, offsets[Math.min(i + n, end)]!));
    if (last === first) return;
  }
}

/** The words of one text in UTF-8, with a space before, between and behind them: an n-gram is a range of these bytes. */
class Units {
  count = 0;
  bytes = new Uint8Array(1024);
  /** Where each character (code point) begins, and where the last one ends. */
  offsets = new Int32Array(1024);
  /** Which characters are the spaces: word i is between spaces i and i + 1. */
  spaces = new Int32Array(128);
  readonly #encoder = new TextEncoder();

  read(words: readonly string[]): void {
    this.count = words.length;
    const text = ` ${words.join(" ")} `;
    if (this.bytes.length < 3 * text.length) {
      this.bytes = new Uint8Array(6 * text.length);
      this.offsets = new Int32Array(6 * text.length + 1);
    }
    if (this.spaces.length <= words.length) this.spaces = new Int32Array(2 * words.length);
    const { written } = this.#encoder.encodeInto(text, this.bytes);
    let [character, space] = [0, 0];
    for (let i = 0; i < written; i++) {
      const byte = this.bytes[i]!;
      if ((byte & 0xc0) === 0x80) continue;
      if (byte === 0x20) this.spaces[space++] = character;
      this.offsets[character++] = i;
    }
    this.offsets[character] = written;
  }
}

/** Numbers that grow in place. */
class Hashes {
  count = 0;
  #values = new Int32Array(4096);

  add(hash: number): void {
    if (this.count === this.#values.length) {
      const grown = new Int32Array(2 * this.count);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.count++] = hash;
  }

  found(): Int32Array {
    return this.#values.subarray(0, this.count);
  }
}
