import { samePairs } from "./pairs.js";
import { common, ngrams, PUNCTUATION, words } from "./words.js";

/** SQuAD's scores in percent. */
export interface SquadScore {
  /** Share of the answers that are exactly right, 0 … 100. */
  readonly exactMatch: number;
  /** Mean F1 of their words, 0 … 100. */
  readonly f1: number;
}

/**
 * SQuAD's exact match and F1 (Rajpurkar et al., EMNLP 2016; version 2's rule for empty answers): case, ASCII punctuation and
 * articles are ignored; of several right answers the best match counts. `answers`: any number for each prediction; without
 * one, an empty prediction is right. Errors: ShapeError.
 */
export function squad(predictions: readonly string[], answers: readonly (readonly string[])[]): SquadScore {
  const n = samePairs("squad", predictions, answers);
  let [exact, f1] = [0, 0];
  for (const [i, prediction] of predictions.entries()) {
    const got = answerWords(prediction);
    // As version 2's script: a question without answers is answered by an empty text.
    const wanted = (answers[i]!.length > 0 ? answers[i]! : [""]).map(answerWords);
    exact += wanted.some((answer) => answer.join(" ") === got.join(" ")) ? 1 : 0;
    f1 += Math.max(0, ...wanted.map((answer) => wordF1(got, answer)));
  }
  return { exactMatch: (100 * exact) / n, f1: (100 * f1) / n };
}

/** Normalizes an answer. Punctuation is dropped, not replaced by a space: `well-known` is one word. */
function answerWords(text: string): string[] {
  const plain = [...text.toLowerCase()].filter((character) => !PUNCTUATION.has(character)).join("");
  // Python's \b, which the reference uses, supports letters of all scripts; JavaScript's only ASCII.
  return words(plain.replace(/(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu, " "));
}

function wordF1(got: readonly string[], wanted: readonly string[]): number {
  if (got.length === 0 || wanted.length === 0) return got.length === wanted.length ? 1 : 0;
  return (2 * common(ngrams(got, 1), ngrams(wanted, 1))) / (got.length + wanted.length);
}
