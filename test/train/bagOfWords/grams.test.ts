import { expect, test } from "vitest";
import { characterGrams, type Range, wordGrams } from "../../../ts/train/bagOfWords/grams.js";
import { murmur3 } from "../../../ts/train/bagOfWords/murmur.js";
import { golden } from "../../golden.js";

interface Grams {
  readonly assigned: readonly Range[];
  readonly word: readonly Range[];
  readonly space: readonly Range[];
  readonly lower: readonly (readonly [number, string])[];
  readonly murmur: readonly (readonly [string, number])[];
  readonly grams: readonly {
    readonly text: string;
    readonly analyzer: "word" | "char_wb";
    readonly n: Range;
    readonly hashes: readonly number[];
  }[];
}

const expected = golden<Grams>("bagOfWords/grams.json");
const readers = { word: wordGrams, char_wb: characterGrams };

/** All code points of ranges. */
const points = (ranges: readonly Range[]): number[] =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
/** How many n-grams there are of a text that `point` takes part in. */
const count = (read: (text: string) => Int32Array, text: string) => read(text).length;

test.each(expected.murmur)("the hash of %j is scikit-learn's", (word, hash) => {
  const bytes = new TextEncoder().encode(`..${word}..`);
  expect(murmur3(bytes, 2, bytes.length - 2)).toBe(hash);
});

test.each(expected.grams)(
  "$analyzer n-grams $n of $text are scikit-learn's, in order",
  ({ text, analyzer, n, hashes }) => {
    expect([...readers[analyzer](n)(text)]).toEqual(hashes);
  },
);

test("word characters are Python's, for all characters that its Unicode has", () => {
  const read = wordGrams([1, 1]);
  const isWord = new Set(points(expected.word));
  const other = points(expected.assigned).filter((point) => {
    const character = String.fromCodePoint(point);
    // Lowering makes a few capitals two characters.
    if (character.toLowerCase() !== character || (point >= 0xd800 && point < 0xe000)) return false;
    return count(read, character + character) !== (isWord.has(point) ? 1 : 0);
  });
  expect(other).toEqual([]);
});

test("white space is Python's, for all characters", () => {
  const read = characterGrams([3, 3]);
  const isSpace = new Set(points(expected.space));
  const other = points([[0, 0x10ffff]]).filter((point) => {
    if (point >= 0xd800 && point < 0xe000) return false;
    // "x y" has 2 n-grams of 3 characters, " x " and " y ", and "xzy" has 3.
    return (count(read, `x${String.fromCodePoint(point)}y`) === 2) !== isSpace.has(point);
  });
  expect(other).toEqual([]);
});

test("lowering is Python's, for all characters that its Unicode has", () => {
  const assigned = new Set(points(expected.assigned));
  const lower = new Map(expected.lower);
  const other = [...assigned].filter((point) => {
    const character = String.fromCodePoint(point);
    return character.toLowerCase() !== (lower.get(point) ?? character);
  });
  expect(other).toEqual([]);
});

test("a long text after short ones, and a short one after it, are read whole", () => {
  // 600 characters, 1,800 bytes.
  expect(characterGrams([3, 3])("漢".repeat(600))).toHaveLength(600);
  expect(new Set(characterGrams([3, 3])("漢".repeat(600))).size).toBe(3);
  const read = characterGrams([3, 5]);
  const short = [...read("ab cd")];
  expect(read("äöü ".repeat(100_000))).toHaveLength(100_000 * (3 + 2 + 1));
  expect([...read("ab cd")]).toEqual(short);
});
