import { ConfigError, DataError } from "../errors.js";
import type { Names } from "../options.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";
import { allowedTokens, spanPlace, type Window, type WindowSpans, windowSpans } from "./answerSpans.js";
import { checkCount, placeNames } from "./checks.js";
import { finiteRows } from "./numbers.js";
import { job, PIPELINE, type Pipeline, type PipelineOptions, type ReadyModel } from "./pipeline.js";
import { checkSequence } from "./texts.js";

/** The input of `answer`. */
export interface Question {
  /** The question. It is never truncated. */
  readonly question: string;
  /** The text that contains the answer. */
  readonly context: string;
}

/** Settings of `answer`. Contexts longer than `maxLength` are read in windows. */
export interface AnswerOptions extends PipelineOptions {
  /**
   * Maximum tokens of a window, including the question.
   * @default the model's training length, at most 384
   */
  readonly maxLength?: number | undefined;
  /**
   * Number of answers per question.
   * @default 1
   */
  readonly topK?: number | undefined;
  /**
   * Maximum tokens of an answer.
   * @default 15
   */
  readonly maxAnswerLength?: number | undefined;
  /**
   * Overlap of neighboring windows, in tokens. If the question leaves no more room than that in a window, they
   * share half of the room.
   * @default 128 or half of `maxLength`, whichever is less
   */
  readonly stride?: number | undefined;
  /**
   * Whether an empty answer ("no answer") is possible, as in SQuAD 2.
   * @default false
   */
  readonly handleImpossibleAnswer?: boolean | undefined;
  /**
   * Whether to extend answers to whole words, as the tokenizer splits words.
   * @default true
   */
  readonly alignToWords?: boolean | undefined;
}

/** An answer: a span of the context. */
export interface Answer {
  /** Its text; empty for "no answer". */
  readonly answer: string;
  /**
   * Product of the probabilities of its start and end in its window. If several spans have the same text, the sum of
   * their products, which can exceed 1.
   */
  readonly score: number;
  /** Start in the context, in UTF-16 units; of several places, the first one found. */
  readonly start: number;
  /** End, exclusive. */
  readonly end: number;
}

const OPTIONS: Names<AnswerOptions> = {
  ...{ ...PIPELINE, topK: true, maxAnswerLength: true, stride: true, handleImpossibleAnswer: true, alignToWords: true },
};

/**
 * Finds answers in contexts, best first, as the question-answering pipeline of transformers 4.57 does. `[CLS]` takes
 * part in the probabilities but cannot be an answer: if the context has fewer spans than requested, an empty answer of
 * score 0 takes its place. Answers that differ only in case are merged. The score of "no answer" is the minimum over
 * windows. Errors: ConfigError for options, or a question that leaves no room for the context; DataError for an empty
 * question or context.
 */
export const answer: Pipeline<Question, [options?: AnswerOptions], Answer[]> = {
  heads: ["question-answering"],
  options: OPTIONS,
  prepare(model, questions, options = {}) {
    const { tokenizer } = model;
    const settings = readSettings(options);
    const where = placeNames("answer", "questions", options.where);
    const windows = questions.map((question, i) => encodeWindows(model, question, where(i), options));
    const all = windows.flat();
    return job({
      sequences: all.map(({ encoding }) => encoding),
      read({ head, batch }, places) {
        const { startLogits, endLogits } = head();
        const [starts, ends] = [finiteRows(startLogits!), finiteRows(endLogits!)];
        const { offsets } = batch.packed;
        return places.map(({ row, index }) => {
          const [first, end] = [offsets[row]!, offsets[row + 1]!];
          const allowed = allowedTokens(all[index]!, tokenizer.clsTokenId);
          return windowSpans(starts(first, end), ends(first, end), allowed, settings);
        });
      },
      finish(found) {
        let at = 0;
        return windows.map((own) => {
          at += own.length;
          return bestAnswers(own, found.slice(at - own.length, at), tokenizer, settings);
        });
      },
    });
  },
};

interface Settings {
  readonly topK: number;
  readonly longest: number;
  /** Number of spans per window: more than requested, since extending makes some equal. */
  readonly count: number;
  readonly impossible: boolean;
  readonly alignToWords: boolean;
}

function readSettings(options: AnswerOptions): Settings {
  const { handleImpossibleAnswer: impossible = false, alignToWords = true } = options;
  const topK = checkCount("answer", "topK", options.topK ?? 1);
  const longest = checkCount("answer", "maxAnswerLength", options.maxAnswerLength ?? 15);
  return { topK, longest, count: alignToWords ? 2 * topK + 10 : topK, impossible, alignToWords };
}

/** The windows of a question with its context; each contains the question. */
export function encodeWindows(
  { tokenizer, config, trainedLength }: ReadyModel,
  { question, context }: Question,
  where: string,
  options: AnswerOptions,
): Window[] {
  if (typeof question !== "string" || typeof context !== "string")
    throw new DataError(`${where} must be { question, context }, both strings`);
  if (question === "" || context === "")
    throw new DataError(`${where}: the ${question === "" ? "question" : "context"} is empty`);
  const side = tokenizer.paddingSide === "left" ? 0 : 1;
  const { maxLength = Math.min(384, trainedLength) } = options;
  const head = tokenizer.encode(question, { pair: "" }).ids.length;
  const room = maxLength - head;
  if (room < 1)
    throw new ConfigError(
      `${where}: the question takes ${head} tokens of maxLength ${maxLength}, which leaves none for the context`,
    );
  const { stride = Math.min(128, Math.floor(maxLength / 2)) } = options;
  if (!Number.isInteger(stride) || stride < 0)
    throw new ConfigError(`answer: stride is ${String(stride)}, not a whole number from 0`);
  const limits = { maxLength, stride: stride < room ? stride : Math.floor(room / 2) };
  const { overflow = [], ...first } =
    side === 1
      ? tokenizer.encode(question, { ...limits, pair: context, truncation: "only_second" })
      : tokenizer.encode(context, { ...limits, pair: question, truncation: "only_first" });
  return [first, ...overflow].map((encoding) => {
    checkSequence(where, encoding, config);
    return { encoding, question, context, side };
  });
}

/** The answers of all windows of a question, best first. Spans with the same text are merged, at the position of the first. */
function bestAnswers(
  windows: readonly Window[],
  found: readonly WindowSpans[],
  { paddingSide, padTokenId }: Tokenizer,
  { topK, impossible, alignToWords }: Settings,
): Answer[] {
  const answers = new Map<string, { answer: string; score: number; start: number; end: number }>();
  for (const [w, window] of windows.entries()) {
    // As in the pipeline, which counts tokens from the first one after the padding.
    const shift = paddingSide === "left" ? window.encoding.ids.filter((id) => id === padTokenId).length : 0;
    for (const { first, last, score } of found[w]!.spans) {
      const [start, end] = spanPlace(window, { first: first - shift, last: last - shift }, alignToWords);
      const answer = window.context.slice(start, end);
      const same = answers.get(answer.toLowerCase());
      if (same) same.score += score;
      else answers.set(answer.toLowerCase(), { answer, score, start, end });
    }
  }
  const list = [...answers.values()].filter(({ answer, score }) => !(impossible && answer === "" && score === 0));
  if (impossible)
    list.push({ answer: "", score: Math.min(...found.map(({ nullScore }) => nullScore)), start: 0, end: 0 });
  return list.sort((a, b) => b.score - a.score).slice(0, topK);
}
