import { describe, expect, it } from "vitest";
import { Tokenizer } from "../../ts/index.js";
import { Philox } from "../../ts/random/philox.js";
import { prunablePieces, prunedTokenizer } from "../../ts/tokenizers/prune.js";
import { trainTokenizer } from "../../ts/tokenizers/train.js";
import { filesOf } from "./small.js";

const sentences = Array.from(
  { length: 400 },
  (_, i) => `the number ${i * 37} of words, reading and readers: unreadable ${"abcdefgh"[i % 8]}${i % 13}x (Ünïcode ß)`,
);

/** A tokenizer whose vocabulary is a half or so of another's. */
async function half(tokenizer: Tokenizer, seed: number) {
  const pieces = prunablePieces(tokenizer);
  const random = new Philox(seed, 0);
  const chosen = new Set(pieces.needed);
  for (const id of pieces.others) if (random.uniform() < 0.5) for (const one of pieces.withParts(id)) chosen.add(one);
  const kept = Int32Array.from(chosen).sort();
  return { kept, pruned: await prunedTokenizer(tokenizer, kept) };
}

/** Random words of the alphabet of the sentences. */
function words(seed: number, count: number): string[] {
  const [random, letters] = [new Philox(seed, 1), [...new Set(sentences.join(""))]];
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + random.below(30) }, () => letters[random.below(letters.length)]).join(""),
  );
}

const kinds = ["wordpiece", "bpe", "unigram"] as const;

describe.each(kinds)("a smaller %s vocabulary", (kind) => {
  const make = () => trainTokenizer({ kind, lines: sentences, vocabSize: 300 });

  it("gives the same tokens to texts of pieces that stay", async () => {
    const whole = await make();
    for (const seed of [1, 2, 3]) {
      const { kept, pruned } = await half(whole, seed);
      expect(pruned.vocabSize).toBe(kept.length);
      const stays = new Set(kept);
      let same = 0;
      for (const text of [...sentences.flatMap((one) => one.split(" ")), ...words(seed, 500)]) {
        const [before, after] = [whole.encode(text), pruned.encode(text)];
        expect(Array.from(after.ids, (id) => kept[id])).toEqual(after.tokens.map((token) => whole.tokenToId(token)));
        if (!before.ids.every((id) => stays.has(id))) continue;
        same++;
        expect(after.tokens).toEqual(before.tokens);
        expect(after.offsets).toEqual(before.offsets);
        expect(after.typeIds).toEqual(before.typeIds);
      }
      expect(same).toBeGreaterThan(100);
    }
  });

  it("makes nothing unknown that had pieces", async () => {
    const whole = await make();
    const { kept, pruned } = await half(whole, 4);
    expect(kept.length).toBeLessThan(whole.vocabSize);
    for (const text of [...sentences, ...words(9, 500)]) {
      if (whole.encode(text).ids.includes(whole.unkTokenId ?? -1)) continue;
      expect(pruned.encode(text).ids).not.toContain(pruned.unkTokenId ?? -1);
    }
  });

  it("is saved and read with the same ids", async () => {
    const { pruned } = await half(await make(), 5);
    const files = [...pruned.files()].map(
      ([name, bytes]) => [name, new Blob([bytes as Uint8Array<ArrayBuffer>])] as const,
    );
    const again = await Tokenizer.load(new Map(files));
    for (const text of sentences.slice(0, 20)) expect(again.encode(text)).toEqual(pruned.encode(text));
  });
});

describe("what a vocabulary cannot do without", () => {
  const vocabulary = [
    "[PAD]",
    "[unused0]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "a",
    "b",
    "##a",
    "ab",
    "##ba",
    "aé",
    "[unused1]",
  ];
  it("is special tokens, characters, and pieces with a character that is no piece", async () => {
    const tokenizer = await Tokenizer.load(filesOf({ "vocab.txt": `${vocabulary.join("\n")}\n` }));
    const { needed, others } = prunablePieces(tokenizer);
    const names = (ids: readonly number[]) => ids.map((id) => vocabulary[id]);
    // "##b" is no piece, so a "b" within a word needs the pieces that have it.
    expect(names(needed)).toEqual(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##a", "ab", "##ba", "aé"]);
    expect(names(others)).toEqual(["[unused0]", "[unused1]"]);
    const pruned = await prunedTokenizer(tokenizer, Int32Array.from(needed));
    expect(pruned.encode("ab aba").ids).toEqual([2, 8, 8, 7, 3]);
    expect(pruned.padTokenId).toBe(0);
    expect(pruned.maskTokenId).toBe(4);
  });

  it("is all of a vocabulary of whole words", async () => {
    const json = JSON.stringify({
      version: "1.0",
      added_tokens: [],
      pre_tokenizer: { type: "Whitespace" },
      model: { type: "WordLevel", vocab: { a: 0, "<unk>": 1 }, unk_token: "<unk>" },
    });
    const tokenizer = await Tokenizer.load(filesOf({ "tokenizer.json": json }));
    expect(() => prunablePieces(tokenizer)).toThrow("a vocabulary of the kind WordLevel cannot be made smaller");
  });
});
