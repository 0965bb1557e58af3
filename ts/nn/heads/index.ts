import { base } from "./base.js";
import type { HeadFactory } from "./head.js";
import { maskedLm } from "./maskedLm.js";
import { sequenceClassification } from "./sequenceClassification.js";

export type { ClassifierFactory, Head, HeadFactory, HeadOptions, HeadOutput, ProblemType, Targets } from "./head.js";

/** Heads by name. A new one is a file and a line; `test/conformance/heads.test.ts` runs over all. */
export const heads = {
  base,
  "masked-lm": maskedLm,
  "sequence-classification": sequenceClassification,
} satisfies Record<string, HeadFactory>;

/** A registered head. */
export type HeadName = keyof typeof heads;
