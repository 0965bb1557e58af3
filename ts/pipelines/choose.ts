import { DataError } from "../errors.js";
import { placeNames } from "./checks.js";
import { finiteRows, softmax } from "./numbers.js";
import { job, PIPELINE, type Pipeline, type PipelineOptions } from "./pipeline.js";
import { encodeTexts } from "./texts.js";

/** The input of `choose`. */
export interface ChoiceQuestion {
  /** The first text of each pair. */
  readonly prompt: string;
  /** Second texts to choose from: two or more. */
  readonly choices: readonly string[];
}

/** The choice that fits best. */
export interface Choice {
  /** Its text. */
  readonly choice: string;
  /** Its index. */
  readonly index: number;
  /** Its probability among the choices, 0 … 1. */
  readonly score: number;
  /** The probabilities of all choices, in order. */
  readonly scores: number[];
}

/** Multiple choice: finds the choice that fits each prompt best. */
export const choose: Pipeline<ChoiceQuestion, [options?: PipelineOptions], Choice> = {
  heads: ["multiple-choice"],
  options: PIPELINE,
  prepare(model, questions, { maxLength, where } = {}) {
    const name = placeNames("choose", "questions", where);
    for (const [i, { prompt, choices }] of questions.entries()) {
      const fine = typeof prompt === "string" && Array.isArray(choices) && choices.length > 0;
      if (!fine || choices.some((choice) => typeof choice !== "string"))
        throw new DataError(`${name(i)} is not { prompt, choices } of texts`);
    }
    const pairs = questions.flatMap(({ choices }) => choices);
    const prompts = questions.flatMap(({ prompt, choices }) => choices.map(() => prompt));
    const owners = questions.flatMap(({ choices }, i) => choices.map(() => i));
    const sequences = encodeTexts("choose", model, prompts, { pairs, maxLength, where: (i) => name(owners[i]!) });
    return job({
      sequences,
      // Each choice is scored independently.
      read({ head }, places) {
        const logits = finiteRows(head().logits!);
        return places.map(({ row }) => logits(row)[0]!);
      },
      finish(scores) {
        let at = 0;
        return questions.map(({ choices }) => {
          at += choices.length;
          return choiceOf(choices, softmax(scores.slice(at - choices.length, at)));
        });
      },
    });
  },
};

function choiceOf(choices: readonly string[], scores: number[]): Choice {
  const index = scores.reduce((top, score, i) => (score > scores[top]! ? i : top), 0);
  return { choice: choices[index]!, index, score: scores[index]!, scores };
}
