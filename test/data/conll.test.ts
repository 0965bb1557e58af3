import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "../../ts/errors.js";
import { lines, read, values } from "./readBytes.js";

const CONLL_2003 = `-DOCSTART- -X- O O

EU NNP I-NP I-ORG
rejects VBZ I-VP O
# SYM O O
. . O O

-DOCSTART- -X- -X- O

Peter NNP I-NP I-PER
Blackburn NNP I-NP I-PER
`;
const SENTENCES = [
  { words: ["EU", "rejects", "#", "."], tags: ["I-ORG", "O", "O", "O"] },
  { words: ["Peter", "Blackburn"], tags: ["I-PER", "I-PER"] },
];

test.each(["conll", "iob", "IOB2", "bio", "conll.gz"])("a .%s file has a row a sentence", async (ending) => {
  for (const end of ["\n", "\r\n", "\r"]) {
    for (const size of [1, 3, 1000]) {
      const text = CONLL_2003.replaceAll("\n", end);
      const rows = await read(`a.${ending}`, ending.endsWith("gz") ? gzipSync(text) : text, {}, size);
      expect([values(rows), lines(rows)]).toEqual([SENTENCES, [3, 10]]);
    }
  }
});

test("a format that is named counts more than the ending, and columns may be left out", async () => {
  const rows = await read("train.txt", "a O\n", { format: "conll", columns: ["tags"] });
  expect(values(rows)).toEqual([{ tags: ["O"] }]);
  await expect(read("a.conll", "a O\n", { columns: ["text"] })).rejects.toThrow(
    'a.conll:1: no column "text"; there are "words", "tags"',
  );
});

test("what was written is read: columns by tabs or spaces, any words, any number of blank lines", async () => {
  const word = fc.string({
    unit: fc.constantFrom("a", "é", "😀", "\u00a0", "\u2028", "#", "-", '"', "\\"),
    minLength: 1,
  });
  const tag = fc.constantFrom("O", "B-PER", "I-PER", "PER-I", "_");
  const sentence = fc.array(fc.tuple(word, tag), { minLength: 1, maxLength: 5 });
  const file = fc.record({
    sentences: fc.array(sentence, { minLength: 1 }),
    middle: fc.integer({ min: 0, max: 3 }),
    gap: fc.constantFrom("\t", " ", "   "),
    blank: fc.constantFrom("\n", "\n\n", " \t\n"),
    size: fc.integer({ min: 1, max: 30 }),
  });
  await fc.assert(
    fc.asyncProperty(file, async ({ sentences, middle, gap, blank, size }) => {
      const line = ([word, tag]: readonly string[]) => [word, ...new Array<string>(middle).fill("x"), tag].join(gap);
      const text = sentences.map((one) => `${one.map(line).join("\n")}\n`).join(blank);
      // A file's first line, or a sentence's, that begins with "# " is a comment where its tag is none.
      fc.pre(!/(^|\n\s*\n)# .*_(\n|$)/.test(text));
      const expected = sentences.map((one) => ({ words: one.map(([word]) => word), tags: one.map(([, tag]) => tag) }));
      expect(values(await read("a.conll", text, {}, size))).toEqual(expected);
    }),
    { seed: 1, numRuns: 300 },
  );
});

describe("lines that begin with #", () => {
  test("are comments before a sentence, also with as many parts as words have columns", async () => {
    const multi = "# id 5628643c\tdomain=en\n\nthe _ _ O\nc _ _ B-X\n\n# id 77 domain=en\nd _ _ O\n";
    expect(values(await read("a.conll", multi))).toEqual([
      { words: ["the", "c"], tags: ["O", "B-X"] },
      { words: ["d"], tags: ["O"] },
    ]);
    const tabs = "# text = a b\na\tO\n# note\nb\tO\n";
    expect(values(await read("a.conll", tabs))).toEqual([{ words: ["a", "b"], tags: ["O", "O"] }]);
  });

  test("are words where they have a word's columns, and never without a space", async () => {
    expect(values(await read("a.conll", "# B-X\n1 I-X\n\n# O\n#1 O\n#\tO\n"))).toEqual([
      { words: ["#", "1"], tags: ["B-X", "I-X"] },
      { words: ["#", "#1", "#"], tags: ["O", "O", "O"] },
    ]);
    expect(values(await read("a.conll", "a NN\n# SYM\n"))).toEqual([{ words: ["a", "#"], tags: ["NN", "SYM"] }]);
  });
});

test.each([
  ["a O\nb\n", 'a.conll:2: one column, "b"; expected a word and a tag at least'],
  ["a\tO\n\nb\t \n", 'a.conll:3: one column, "b\\t "; expected a word'],
  ["a NN O\n\n\nb O\n", "a.conll:4: 2 columns; expected 3, as in line 1"],
  ["# x\na O\nb NN O\n", "a.conll:3: 3 columns; expected 2, as in line 2"],
  ["\tO\n", "a.conll:1: the word in the first column is empty"],
  ["-DOCSTART- O\n\n", "a.conll has no rows"],
  ["", "a.conll is empty"],
])("%j is refused with file and line", async (text, message) => {
  await expect(read("a.conll", text)).rejects.toThrow(DataError);
  await expect(read("a.conll", text)).rejects.toThrow(message);
});
