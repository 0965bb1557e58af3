import { ConfigError, DataError } from "../errors.js";
import type { RoFormer } from "../models/roformer.js";
import type { Encoding } from "../tokenizers/tokenizer.js";
import {
  checkCount,
  checkSequence,
  needed,
  type PipelineOptions,
  readFinite,
  runBatches,
  softmax,
  trainedLength,
} from "./batches.js";

/** What `answer` is asked. */
export interface Question {
  /** The question. */
  readonly question: string;
  /** The text that holds the answer. */
  readonly context: string;
}

/** Settings of `answer`. Contexts longer than `maxLength` are read in windows. */
export interface AnswerOptions extends PipelineOptions {
  /** Answers for each question; 1 unless given. */
  readonly topK?: number;
  /** Tokens an answer has at most; 15 unless given. */
  readonly maxAnswerLength?: number;
  /** Tokens that neighbouring windows share; 128 unless given, or half of what a window has for the context. */
  readonly stride?: number;
  /** Whether "no answer" (an empty one) is possible, as in SQuAD 2; false unless given. */
  readonly handleImpossibleAnswer?: boolean;
}

/** A part of the context. */
export interface Answer {
  /** Its text; empty for "no answer". */
  readonly answer: string;
  /** Product of the probabilities of its begin and its end, 0 … 1. */
  readonly score: number;
  /** Where it begins in the context, in UTF-16 units. */
  readonly start: number;
  /** Where it ends: the unit behind it. */
  readonly end: number;
}

/** Finds the answers in each context, best first, as Hugging Face's pipeline does. */
export async function answer(
  model: RoFormer,
  questions: readonly Question[],
  options: AnswerOptions,
): Promise<Answer[][]> {
  needed("answer", model, ["question-answering"]);
  const topK = checkCount("answer", "topK", options.topK ?? 1);
  const longest = checkCount("answer", "maxAnswerLength", options.maxAnswerLength ?? 15);
  const windows = questions.flatMap((question, i) => encodeWindows(model, question, i, options));
  const encodings = windows.map(({ encoding }) => encoding);
  const impossible = options.handleImpossibleAnswer ?? false;
  const found = await runBatches("answer", model, encodings, options, ({ head, batch }, chosen) => {
    const { startLogits, endLogits } = head() as Record<"startLogits" | "endLogits", never>;
    const [starts, ends] = [readFinite(startLogits), readFinite(endLogits)];
    const { offsets } = batch.packed;
    return chosen.map((i, b) => {
      const own = (logits: Float32Array) => logits.subarray(offsets[b], offsets[b + 1]);
      return spans(windows[i]!, own(starts), own(ends), { longest, topK, impossible });
    });
  });
  return questions.map(({ context }, i) => {
    const own = windows.flatMap(({ question }, w) => (question === i ? found[w]! : []));
    return best(own, topK).map((span) => ({ answer: context.slice(span.start, span.end), ...span }));
  });
}

/** Whether a token is a piece of a text, and none that was added. */
const isText = ([start, end]: readonly [number, number]): boolean => end > start;

interface Span {
  readonly score: number;
  readonly start: number;
  readonly end: number;
}

/** The windows of a question with its context; every one begins with the question. */
function encodeWindows(model: RoFormer, { question, context }: Question, i: number, options: AnswerOptions) {
  const where = `answer: questions[${i}]`;
  if (typeof question !== "string" || typeof context !== "string")
    throw new DataError(`${where} is no { question, context } of texts`);
  if (question.trim() === "" || context.trim() === "") throw new DataError(`${where}: question or context is empty`);
  const tokenizer = needed("answer", model);
  const { maxLength = Math.min(384, trainedLength(model)) } = options;
  const head = tokenizer.encode(question, { pair: "" }).ids.length;
  const room = maxLength - head;
  if (room < 2)
    throw new ConfigError(
      `${where}: the question takes ${head} tokens of maxLength ${maxLength}: none is left for the context`,
    );
  const stride = Math.min(options.stride ?? 128, Math.floor(room / 2));
  const first = tokenizer.encode(question, { pair: context, maxLength, truncation: "only_second", stride });
  checkSequence(where, first, model);
  const asked = tokenizer.encode(question, { addSpecialTokens: false }).offsets.filter(isText).length;
  return [first, ...(first.overflow ?? [])].map((encoding) => ({ encoding, question: i, asked }));
}

/** The best spans of a window. Only tokens of the context can be in one: those of text behind the question's, `asked` many. */
function spans(
  { encoding, asked }: { encoding: Encoding; asked: number },
  startLogits: Float32Array,
  endLogits: Float32Array,
  { longest, topK, impossible }: { longest: number; topK: number; impossible: boolean },
): Span[] {
  let seen = 0;
  const inside = encoding.offsets.map((place) => isText(place) && ++seen > asked);
  // The first token stands for "no answer", which takes part in the probabilities only where it is possible.
  const masked = (logits: Float32Array) =>
    softmax(logits.map((x, t) => (inside[t] || (impossible && t === 0) ? x : Number.NEGATIVE_INFINITY)));
  const [starts, ends] = [masked(startLogits), masked(endLogits)];
  const found: Span[] = impossible ? [{ score: starts[0]! * ends[0]!, start: 0, end: 0 }] : [];
  for (let s = 0; s < starts.length; s++) {
    for (let e = s; inside[s] && e < Math.min(s + longest, ends.length) && inside[e]; e++) {
      found.push({ score: starts[s]! * ends[e]!, ...whole(encoding, s, e) });
    }
  }
  return best(found, topK);
}

/** Where tokens s … e lie, widened to whole words where a word has several pieces. */
function whole({ tokens, offsets }: Encoding, s: number, e: number): { start: number; end: number } {
  let [first, last] = [s, e];
  while (first > 0 && tokens[first]!.startsWith("##") && offsets[first - 1]![1] === offsets[first]![0]) first--;
  while (tokens[last + 1]?.startsWith("##") && offsets[last]![1] === offsets[last + 1]![0]) last++;
  return { start: offsets[first]![0], end: offsets[last]![1] };
}

/** The best spans, each place once. */
function best(found: readonly Span[], k: number): Span[] {
  const sorted = [...found].sort((a, b) => b.score - a.score || a.start - b.start || a.end - b.end);
  const seen = new Set<string>();
  const different: Span[] = [];
  for (const span of sorted) {
    const place = `${span.start}-${span.end}`;
    if (seen.has(place)) continue;
    seen.add(place);
    different.push(span);
    if (different.length === k) break;
  }
  return different;
}
