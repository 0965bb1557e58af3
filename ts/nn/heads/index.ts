import { base } from "./base.js";
import { causalLm } from "./causalLm.js";
import type { HeadFactory } from "./head.js";
import { maskedLm } from "./maskedLm.js";
import { multipleChoice } from "./multipleChoice.js";
import { questionAnswering } from "./questionAnswering.js";
import { sequenceClassification } from "./sequenceClassification.js";
import { tokenClassification } from "./tokenClassification.js";

export type { Head, HeadFactory, HeadOptions, HeadOutput, ProblemType, ScorerFactory, Targets } from "./head.js";

/** Heads by name. A new one is a file and a line; `test/conformance/heads.test.ts` runs over all. */
export const heads = {
  base,
  "masked-lm": maskedLm,
  "causal-lm": causalLm,
  "sequence-classification": sequenceClassification,
  "token-classification": tokenClassification,
  "question-answering": questionAnswering,
  "multiple-choice": multipleChoice,
} satisfies Record<string, HeadFactory>;

/** A registered head. */
export type HeadName = keyof typeof heads;
