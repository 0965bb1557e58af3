import type { HeadFactory } from "./head.js";
import { LanguageModel } from "./languageModel.js";

/** Guesses hidden tokens (BERT's objective); the decoder is the word vectors unless `tie_word_embeddings` is false. */
export const maskedLm: HeadFactory = {
  architecture: "ForMaskedLM",
  labels: "tokens",
  causal: false,
  keepsModules: true,
  create: (options) => new LanguageModel(options, (labels) => labels),
};
