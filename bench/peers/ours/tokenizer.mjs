// Tokenizing, by a tokenizer that knows one letter.

/** What `tokenizer.json` says of it. */
const TOKENIZER = {
  version: "1.0",
  added_tokens: [],
  pre_tokenizer: { type: "Whitespace" },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: { "[UNK]": 0, a: 1, "##a": 2 },
  },
};

/** @param {import("../ours.mjs").Package} entries */
export const tokenizerWorks = ({ main }) => ({
  /** Encodes 200,000 letters in words of `letters`, each letter a piece. */
  async encode({ letters }) {
    const file = new Blob([JSON.stringify(TOKENIZER)]);
    const tokenizer = await main.Tokenizer.load(new Map([["tokenizer.json", file]]));
    const text = `${"a".repeat(letters)} `.repeat(200_000 / letters);
    return { run: () => tokenizer.encode(text) };
  },
});
