import { type HeadName, RoFormer, type RoFormerConfigInput, Tokenizer } from "../../ts/index.js";
import { filesOf } from "../tokenizers/small.js";

/** Words of every test's texts; one has two pieces. */
const WORDS = ["the", "cat", "sat", "on", "a", "mat", "dog", "ran", "far", "##ther", "in", "paris", "anna", "who", "?"];
const VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...WORDS];

/** A model with random weights and a tokenizer of a few words. */
export async function smallModel(head: HeadName, change: RoFormerConfigInput = {}): Promise<RoFormer> {
  const tokenizer = await Tokenizer.load(filesOf({ "vocab.txt": `${VOCABULARY.join("\n")}\n` }));
  const config = {
    vocab_size: VOCABULARY.length,
    hidden_size: 16,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 32,
    max_position_embeddings: 512,
    initializer_range: 0.5,
    ...change,
  };
  return RoFormer.create(config, { head, seed: 3, tokenizer });
}

export const TEXTS = ["the cat sat on a mat", "a dog ran", "anna ran farther in paris", "who", "the mat sat"];
