import { checkOptions, type Names } from "../../options.js";
import { base } from "./base.js";
import { causalLm } from "./causalLm.js";
import type { HeadFactory, HeadOptions } from "./head.js";
import { maskedLm } from "./maskedLm.js";
import { multipleChoice } from "./multipleChoice.js";
import { questionAnswering } from "./questionAnswering.js";
import { sequenceClassification } from "./sequenceClassification.js";
import { tokenClassification } from "./tokenClassification.js";

export type {
  Head,
  HeadFactory,
  HeadNames,
  HeadOptions,
  HeadOutput,
  LanguageModelNames,
  ProblemType,
  ScorerFactory,
  Spans,
  Targets,
  TokenScorerFactory,
} from "./head.js";

const OPTIONS: Names<HeadOptions> = {
  ...{ params: true, encoder: true, width: true, words: true, tied: true, activation: true, eps: true, dropout: true },
  ...{ labels: true, problem: true, pooler: true, summary: true, bias: true, names: true },
  ...{ classifier: true, chooser: true, tokenClassifier: true, spanFinder: true },
};

/** `factory`, which refuses options of other names. */
const checked = (factory: HeadFactory): HeadFactory => ({
  ...factory,
  create(options) {
    checkOptions("heads", options, OPTIONS);
    return factory.create(options);
  },
});

/** Heads by name. A new one is a file and a line; `test/conformance/heads.test.ts` runs over all. */
export const heads = {
  /** The hidden states alone, and `poolerOutput` `[B, C]` where the model has a pooler. It has no loss. */
  base: checked(base),
  /** Guesses hidden tokens (BERT's objective): `logits` `[N, V]`. */
  "masked-lm": checked(maskedLm),
  /** Guesses each token from those before it: `logits` `[N, V]`; the loss shifts the labels. */
  "causal-lm": checked(causalLm),
  /** Classifies sequences by their first token: `logits` `[B, labels]`. */
  "sequence-classification": checked(sequenceClassification),
  /** Classifies every token: `logits` `[N, labels]`. */
  "token-classification": checked(tokenClassification),
  /** Finds where answers begin and end (SQuAD): `startLogits` and `endLogits`, `[N]` each. */
  "question-answering": checked(questionAnswering),
  /** Says which of several sequences is right (SWAG, RACE): `logits` `[B, choices]`, B being questions. */
  "multiple-choice": checked(multipleChoice),
} satisfies Record<string, HeadFactory>;

/** Name of a registered head: one of {@link heads}. */
export type HeadName = keyof typeof heads;
