import type { Encoding } from "../tokenizers/tokenizer.js";
import { float32Softmax } from "./numbers.js";

/** Tokens `first` … `last` of a window as an answer. */
interface TokenSpan {
  readonly first: number;
  readonly last: number;
  /** Product of the probabilities of its start and end, 0 … 1. */
  readonly score: number;
}

/** The answers of one window. */
export interface WindowSpans {
  /** Its best spans, best first; ties by position. */
  readonly spans: readonly TokenSpan[];
  /** The score of "no answer": the first token as start and end. */
  readonly nullScore: number;
}

/** The logit of a token that cannot start or end an answer. */
const MASKED = -10_000;

/**
 * The `count` best spans of a window of T tokens, of at most `longest` tokens each. `startLogits` and `endLogits`: `[T]`.
 * `allowed`: which tokens can start or end an answer; the first one, which means "no answer", takes part in the
 * probabilities, but its own span has the score 0.
 */
export function windowSpans(
  startLogits: Float32Array,
  endLogits: Float32Array,
  allowed: readonly boolean[],
  { count, longest }: { count: number; longest: number },
): WindowSpans {
  const probabilities = (logits: Float32Array) => float32Softmax(logits.map((x, t) => (allowed[t] ? x : MASKED)));
  const [starts, ends] = [probabilities(startLogits), probabilities(endLogits)];
  const nullScore = Math.fround(starts[0]! * ends[0]!);
  const spans: TokenSpan[] = allowed[0] ? [{ first: 0, last: 0, score: 0 }] : [];
  for (let first = 1; first < starts.length; first++) {
    if (!allowed[first]) continue;
    for (let last = first; last < Math.min(first + longest, ends.length); last++) {
      if (allowed[last]) spans.push({ first, last, score: Math.fround(starts[first]! * ends[last]!) });
    }
  }
  return { spans: spans.sort((a, b) => b.score - a.score).slice(0, count), nullScore };
}

/** The index of the context among the two texts of an encoding. */
type ContextSide = 0 | 1;

/**
 * Which tokens can start or end an answer: those of the context, and `[CLS]` at any position. With the context first, as
 * for tokenizers that pad on the left, all can: Hugging Face's pipeline masks none there.
 */
export function allowedTokens({ encoding, side }: Window, cls: number | undefined): boolean[] {
  return encoding.ids.map((id, t) => side === 0 || encoding.sequenceIds[t] === 1 || id === cls);
}

/** A window of a question with its context. */
export interface Window {
  readonly encoding: Encoding;
  readonly question: string;
  readonly context: string;
  readonly side: ContextSide;
}

/**
 * The span of tokens `first` … `last` in the context, `[begin, end)` in UTF-16 units; whole words if `alignToWords`. If a token
 * has no word, as special tokens, the tokens' offsets are used. Negative indices count from the end.
 */
export function spanPlace(
  window: Window,
  { first, last }: { first: number; last: number },
  alignToWords: boolean,
): [number, number] {
  const [begin, end] = alignToWords ? [first, last].map((token) => wordPlace(window, token)) : [];
  if (begin && end) return [begin[0], end[1]];
  return [contextUnit(window, first, 0), contextUnit(window, last, 1)];
}

/** The span of a token's word in the context. */
function wordPlace({ encoding: { offsets, sequenceIds, wordIds }, side }: Window, token: number) {
  const word = token < 0 ? null : wordIds[token]!;
  if (word === null) return undefined;
  const isOfWord = (id: number | null, t: number) => id === word && sequenceIds[t] === side;
  const first = wordIds.findIndex(isOfWord);
  if (first < 0) return undefined;
  return [offsets[first]![0], offsets[wordIds.findLastIndex(isOfWord)]![1]] as const;
}

/** A token's start or end in the context; for a token of the question, the same number of characters into the context. */
function contextUnit({ encoding, question, context, side }: Window, token: number, edge: 0 | 1): number {
  const unit = encoding.offsets.at(token)![edge];
  if (encoding.sequenceIds.at(token) !== 1 - side) return unit;
  const characters = [...question.slice(0, unit)].length;
  const own = [...context].slice(0, characters);
  return own.join("").length + characters - own.length;
}
