import { type HeadName, RoFormer, type RoFormerConfigInput, Tokenizer } from "../../../ts/index.js";
import { Philox } from "../../../ts/random/philox.js";
import { filesOf } from "../../tokenizers/small.js";

const WORDS = [
  "the",
  "cat",
  "sat",
  "on",
  "a",
  "mat",
  "dog",
  "ran",
  "far",
  "farther",
  "in",
  "paris",
  "anna",
  "who",
  "?",
];

/** Different sentences of the words of small models. */
export function sentences(count: number, seed = 1): string[] {
  const random = new Philox(seed, 0);
  const found = new Set<string>();
  while (found.size < count)
    found.add(Array.from({ length: 3 + random.below(6) }, () => WORDS[random.below(WORDS.length)]).join(" "));
  return [...found];
}

/** A text file of lines. */
export const textFile = (lines: readonly string[], name = "texts.txt") => ({
  name,
  bytes: new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")),
});

/** Special tokens, every character of the words, at the beginning and within, and the words. */
const LETTERS = [..."?acdefhimnoprstuw"];
const SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const VOCABULARY = [
  ...new Set([...SPECIALS, ...LETTERS, ...LETTERS.map((letter) => `##${letter}`), ...WORDS, "##ther"]),
];

/** Pieces of a teacher. */
export const PIECES = VOCABULARY.length;

/** The files of a teacher with random weights. */
export async function teacherFiles(
  head: HeadName = "base",
  change: RoFormerConfigInput = {},
): Promise<Map<string, Blob>> {
  const tokenizer = await Tokenizer.load(filesOf({ "vocab.txt": `${VOCABULARY.join("\n")}\n` }));
  const config: RoFormerConfigInput = {
    ...{ model_type: "bert", vocab_size: PIECES, hidden_size: 16, num_hidden_layers: 3, num_attention_heads: 2 },
    ...{ intermediate_size: 32, max_position_embeddings: 40, initializer_range: 0.5 },
    ...change,
  };
  using model = RoFormer.create(config, { head, seed: 3, tokenizer });
  return await model.files();
}

/** Settings of a run of a second or less. */
export const SHORT = { epochs: 3, batchTokens: 64, evalEvery: 1000, lr: 3e-3, maxLength: 16 } as const;
