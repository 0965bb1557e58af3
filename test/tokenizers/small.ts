import type { EncodedBatch } from "../../ts/tokenizers/tokenizer.js";

/** BERT's special tokens and five words. */
export const SMALL_VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "cafe", "##fe"];

/** Files by name: texts, bytes, or values that become JSON. */
export function filesOf(contents: Readonly<Record<string, string | Uint8Array | object>>): Map<string, Blob> {
  const blob = (content: string | Uint8Array | object) =>
    new Blob([
      typeof content === "string" || content instanceof Uint8Array ? (content as BlobPart) : JSON.stringify(content),
    ]);
  return new Map(Object.entries(contents).map(([name, content]) => [name, blob(content)]));
}

/** A folder with `vocab.txt` and `tokenizer_config.json`. */
export const smallBert = (config: object = {}): Map<string, Blob> =>
  filesOf({ "vocab.txt": `${SMALL_VOCABULARY.join("\n")}\n`, "tokenizer_config.json": config });

/** A `tokenizer.json`'s content, BERT's pipeline without special tokens; `changes` replace parts. */
export const smallJson = (changes: object = {}): object => ({
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: null,
  decoder: null,
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(SMALL_VOCABULARY.map((token, id) => [token, id])),
  },
  ...changes,
});

/** The ids of one sequence of a batch. */
export const sameIds = ({ ids, offsets }: Pick<EncodedBatch, "ids" | "offsets">, row: number): number[] =>
  Array.from(ids.subarray(offsets[row], offsets[row + 1]));
