// WordPiece on long words: its time must grow with the text, not with the square of a word's length.

/** @type {import("./index.mjs").Case} */
export const longWords = {
  name: "longWords",
  about: "tokenizing words of 100 letters, each a piece, beside as many letters in words of 10",
  peers: [],
  async run(bench) {
    const side = (letters) => ({ peer: "ours", work: "encode", options: { letters }, threads: 1 });
    await bench.pair({
      name: "WordPiece, words of 100 letters",
      left: side(100),
      right: side(10),
      title: "of 10",
      wanted: { most: 2 },
      of: "time",
    });
  },
};
