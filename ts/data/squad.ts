import { DataError } from "../errors.js";
import { kind, shown } from "./values.js";

/** Keys from the root to the lists of questions. */
export const TO_QUESTIONS = ["data", "paragraphs", "qas"] as const;

/**
 * The questions of a SQuAD file (version 1.1 or 2.0), with the columns of Hugging Face's datasets: `id`, `title`,
 * `context`, `question` and `answers: { text, answer_start }`. Both lists of `answers` are empty if the question has no
 * answer (`is_impossible`). A question without `answers`, as in a file for prediction, does not have the column. Errors:
 * DataError "file: place is what; expected what".
 */
export function* squadRows(name: string, root: Readonly<Record<string, unknown>>): Generator<Record<string, unknown>> {
  for (const [article, at] of objectsOf(name, root, "", "data")) {
    const title = article.title === undefined ? "" : textOf(name, article, at, "title");
    for (const [paragraph, inArticle] of objectsOf(name, article, at, "paragraphs")) {
      const context = textOf(name, paragraph, inArticle, "context");
      for (const [question, place] of objectsOf(name, paragraph, inArticle, "qas")) {
        const answers = answersOf(name, question, place);
        yield {
          id: idOf(name, question, place),
          title,
          context,
          question: textOf(name, question, place, "question"),
          ...(answers && { answers }),
        };
      }
    }
  }
}

/** Answers, and their offsets in the context in code points. */
interface Answers {
  readonly text: readonly string[];
  readonly answer_start: readonly number[];
}

type Fields = Readonly<Record<string, unknown>>;

function answersOf(name: string, question: Fields, at: string): Answers | undefined {
  const { is_impossible: isImpossible = false } = question;
  if (isImpossible !== null && typeof isImpossible !== "boolean")
    throw unexpected(name, `${at}.is_impossible`, isImpossible, "true or false");
  if (isImpossible) return { text: [], answer_start: [] };
  if (question.answers === undefined) return undefined;
  const answers = [...objectsOf(name, question, at, "answers")];
  return {
    text: answers.map(([answer, place]) => textOf(name, answer, place, "text")),
    answer_start: answers.map(([{ answer_start: start }, place]) => {
      if (!Number.isSafeInteger(start)) throw unexpected(name, `${place}.answer_start`, start, "a whole number");
      return start as number;
    }),
  };
}

function idOf(name: string, question: Fields, at: string): string {
  const { id } = question;
  return Number.isSafeInteger(id) ? String(id) : textOf(name, question, at, "id");
}

/** The objects of a list, with their places. */
function* objectsOf(name: string, from: Fields, at: string, field: string): Generator<[item: Fields, at: string]> {
  const where = at === "" ? field : `${at}.${field}`;
  const list = from[field];
  if (!Array.isArray(list)) throw unexpected(name, where, list, "a list of objects");
  for (const [i, item] of (list as readonly unknown[]).entries()) {
    if (typeof item !== "object" || item === null || Array.isArray(item))
      throw unexpected(name, `${where}[${i}]`, item, "an object");
    yield [item as Fields, `${where}[${i}]`];
  }
}

function textOf(name: string, from: Fields, at: string, field: string): string {
  const value = from[field];
  if (typeof value !== "string") throw unexpected(name, `${at}.${field}`, value, "a text");
  return value;
}

function unexpected(name: string, where: string, value: unknown, expected: string): DataError {
  const found = value === undefined ? "missing" : typeof value === "string" ? shown(value) : kind(value);
  return new DataError(`${name}: ${where} is ${found}; expected ${expected}`);
}

/**
 * Converts an offset in code points, as in SQuAD's `answer_start` and Python's strings, to an index of a JavaScript
 * string, which counts UTF-16 units. Undefined if the offset is not between 0 and the length of the text.
 */
export function utf16Offset(text: string, codePoints: number): number | undefined {
  if (!Number.isInteger(codePoints) || codePoints < 0) return undefined;
  let at = 0;
  for (let i = 0; i < codePoints && at <= text.length; i++) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return at > text.length ? undefined : at;
}
