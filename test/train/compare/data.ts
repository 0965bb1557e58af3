/** Rows that a small model learns in some steps, with every text twice. */
const words = { yes: ["good", "great", "lovely", "fine"], no: ["bad", "awful", "poor", "sad"] };
export const rows = Array.from({ length: 60 }, (_, i) => {
  const label = i % 2 === 0 ? "yes" : "no";
  return { text: `it is ${words[label][(i % 30) % 4]}, number ${i % 30}`, label };
});

/** A small model and a short training. */
export const small = {
  ...{ layers: 1, width: 16, heads: 2, vocabSize: 80, batch: 8, steps: 6, evalEvery: 2, lr: 3e-3, bagOfWords: false },
};

/** Options of `finetune` for these. */
export const finetune = { train: rows, text: "text", label: "label", ...small };

/** Text to pretrain with. */
export const corpus = {
  name: "a.txt",
  bytes: new TextEncoder().encode("an example of a text that repeats itself. ".repeat(60)),
};
