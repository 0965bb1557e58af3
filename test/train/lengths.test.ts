import { expect, it } from "vitest";
import { finetune } from "../../ts/train/index.js";
import { cutInWords, usualLength, usualVocabSize } from "../../ts/train/lengths.js";

/** So many different characters from one on. */
const characters = (first: string, count: number) =>
  Array.from({ length: count }, (_, i) => String.fromCodePoint(first.codePointAt(0)! + i));

/** Texts of one clause each, all different: the characters in ever new order. */
const clauses = (letters: readonly string[], count: number) =>
  Array.from({ length: count }, (_, i) =>
    Array.from({ length: 20 }, (_, j) => letters[(i * 7919 + j * 104729 + ((i * j) % 97)) % letters.length]).join(""),
  );

it("a vocabulary has an entry for each different word, letters folded", () => {
  const words = Array.from({ length: 2549 }, (_, i) => `Word${i} word${i}`);
  expect(usualVocabSize([words.join(" ")])).toBe(2500);
  expect(usualVocabSize(["a few words"])).toBe(1000);
  expect(usualVocabSize(Array.from({ length: 9000 }, (_, i) => `w${i}`))).toBe(8000);
});

it("of Chinese it has one for each character, however many clauses there are", () => {
  expect(usualVocabSize(clauses(characters("一", 1800), 5000))).toBe(1800);
  expect(usualVocabSize(clauses(characters("一", 300), 5000))).toBe(1000);
});

it.each([
  ["Thai", "ก", 40],
  ["Japanese", "あ", 40],
])("of %s it has at most one for each pair of characters", (_, first, count) => {
  const size = usualVocabSize(clauses(characters(first, count), 5000));
  expect(size).toBeGreaterThanOrEqual(1000);
  expect(size).toBeLessThanOrEqual(count * (count + 1));
});

it("words that no WordPiece tokenizer takes apart do not count, and take no long time", () => {
  const long = Array.from({ length: 3000 }, (_, i) => `x${i}`.padEnd(101, "y"));
  expect(usualVocabSize(long)).toBe(1000);
  expect(usualVocabSize(["a".repeat(5_000_000), "あ".repeat(5_000_000), "我".repeat(5_000_000)])).toBe(1000);
});

it("nine in ten texts fit, in steps of 16 from 16 to 256", () => {
  const lengths = (...list: number[]) => usualLength(Int32Array.from(list));
  expect(lengths(3, 3, 3)).toBe(16);
  expect(lengths(...Array(9).fill(20), 900)).toBe(256);
  expect(lengths(...Array(19).fill(33), 900)).toBe(48);
  expect(lengths(...Array(10).fill(1000))).toBe(256);
  const many = Array.from({ length: 1000 }, (_, i) => i % 200);
  const length = lengths(...many);
  expect(many.filter((one) => one <= length).length).toBeGreaterThanOrEqual(900);
});

it("what is cut is said in texts and tokens", () => {
  expect(cutInWords(Int32Array.of(10, 20, 30, 40), 25)).toBe(
    "2 of 4 texts (50.0 %) are cut to 25 tokens: 20.0 % of all tokens are lost",
  );
  expect(cutInWords(Int32Array.of(10, 25), 25)).toBe("no text is longer than 25 tokens");
});

const words = (count: number) => Array.from({ length: count }, (_, i) => `word${i % 7}`).join(" ");
const triplets = Array.from({ length: 20 }, (_, i) => ({
  a: words(6),
  b: words(6 + (i % 8)),
  c: words(6 + (i % 3)),
  n: i % 2,
}));

it.each<[string, object, (row: (typeof triplets)[number]) => [string, string?][]]>([
  [
    "pairrank",
    { anchor: "a", positive: "b", negative: "c" },
    ({ a, b, c }) => [
      [a, b],
      [a, c],
    ],
  ],
  [
    "choose",
    { text: "a", choices: ["b", "c"], label: "n" },
    ({ a, b, c }) => [
      [a, b],
      [a, c],
    ],
  ],
  ["embed", { text: "a", textPair: "b", negative: "c" }, ({ a, b, c }) => [[a], [b], [c]]],
])("of %s each sequence is measured as it is computed", async (task, columns, sequences) => {
  const said: string[] = [];
  const { model } = await finetune({
    ...{ task: task as "embed", train: triplets, valid: triplets, ...columns, maxLength: 16, steps: 1 },
    ...{ layers: 1, width: 16, heads: 2, onMessage: (line) => said.push(line) },
  });
  const lengths = triplets.flatMap((row) =>
    sequences(row).map(([text, pair]) => model.tokenizer!.encode(text, pair === undefined ? {} : { pair }).ids.length),
  );
  model.close();
  const cut = lengths.filter((length) => length > 16).length;
  const line = cut === 0 ? "no text is longer than 16 tokens" : new RegExp(`^${cut} of ${lengths.length} texts `);
  expect(said.some((one) => (typeof line === "string" ? one === line : line.test(one)))).toBe(true);
});
