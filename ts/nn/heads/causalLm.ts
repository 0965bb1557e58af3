import { IGNORED } from "../../ops/crossEntropy.js";
import type { Packed } from "../packed.js";
import type { HeadFactory } from "./head.js";
import { LanguageModel } from "./languageModel.js";

/** The label of the token that follows in the same sequence; −100 at a sequence's end. */
function following(labels: Int32Array, { offsets }: Packed): Int32Array {
  const next = new Int32Array(labels.length).fill(IGNORED);
  next.set(labels.subarray(1));
  for (const end of offsets.subarray(1)) if (end > 0) next[end - 1] = IGNORED;
  return next;
}

/**
 * Guesses each sequence's next token, from those before it if the model `is_decoder`. Labels are the tokens themselves: the
 * loss shifts them. A sequence's first token is guessed by nothing.
 */
export const causalLm: HeadFactory = {
  architecture: "ForCausalLM",
  labels: "tokens",
  causal: true,
  create: (options) => new LanguageModel(options, following),
};
