import { DataError } from "../errors.js";
import type { RoFormer } from "../models/roformer.js";
import { encodeTexts, needed, type PipelineOptions, readFinite, runBatches, softmax } from "./batches.js";

/** What `choose` decides. */
export interface ChoiceQuestion {
  /** The first text of each pair. */
  readonly prompt: string;
  /** How it may go on: two or more. */
  readonly choices: readonly string[];
}

/** The choice that fits best. */
export interface Choice {
  /** Its text. */
  readonly choice: string;
  /** Its number, from 0. */
  readonly index: number;
  /** Its probability among the choices, 0 … 1. */
  readonly score: number;
  /** Every choice's, in their order. */
  readonly scores: number[];
}

/** Says for each prompt which choice fits it best. */
export async function choose(
  model: RoFormer,
  questions: readonly ChoiceQuestion[],
  options: PipelineOptions,
): Promise<Choice[]> {
  needed("choose", model, ["multiple-choice"]);
  for (const [i, { prompt, choices }] of questions.entries()) {
    const fine = typeof prompt === "string" && Array.isArray(choices) && choices.length > 0;
    if (!fine || choices.some((choice) => typeof choice !== "string"))
      throw new DataError(`choose: questions[${i}] is no { prompt, choices } of texts`);
  }
  const pairs = questions.flatMap(({ choices }) => choices);
  const prompts = questions.flatMap(({ prompt, choices }) => choices.map(() => prompt));
  const sequences = encodeTexts("choose", model, prompts, { pairs, maxLength: options.maxLength });
  // Each choice is scored alone: a head without labels tells nothing of the others.
  const scores = await runBatches("choose", model, sequences, options, ({ head }) => [...readFinite(head().logits!)]);
  let at = 0;
  return questions.map(({ choices }) => {
    const own = softmax(scores.slice(at, at + choices.length));
    at += choices.length;
    const index = own.reduce((top, score, i) => (score > own[top]! ? i : top), 0);
    return { choice: choices[index]!, index, score: own[index]!, scores: own };
  });
}
