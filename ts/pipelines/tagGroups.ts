import type { Tokenizer } from "../tokenizers/tokenizer.js";
import { argmax } from "./numbers.js";

/** How tokens are grouped into tags: names and rules of transformers' `aggregation_strategy`. */
export type Aggregation = "none" | "simple" | "first" | "average" | "max";

/** Every {@link Aggregation}. */
export const AGGREGATIONS = ["none", "simple", "first", "average", "max"] as const satisfies readonly Aggregation[];

/** A labeled token, or a group of tokens with the same label. */
export interface TokenTag {
  /** The most likely label; with an aggregation, without the part before its first hyphen, such as `B-` and `I-`. */
  readonly label: string;
  /** Its probability, 0 … 1; for a group, the mean over tokens or words. */
  readonly score: number;
  /**
   * The token as in the vocabulary, such as `##ing`; with an aggregation, the decoded tokens. The original
   * text is `text.slice(start, end)`.
   */
  readonly word: string;
  /** Start in the text, in UTF-16 units. */
  readonly start: number;
  /** End, exclusive. */
  readonly end: number;
  /** Index of the token, or of the group's first token, in its window, including special tokens. */
  readonly index: number;
}

/** A token of a text with the probabilities of its labels. */
export interface ScoredToken extends Omit<TokenTag, "label" | "score"> {
  /** `[labels]`. */
  readonly scores: Float32Array;
  /** Whether it continues the word of the previous token. */
  readonly continuesWord: boolean;
}

type Joiner = Pick<Tokenizer, "convertTokensToString">;

/** The tags of tokens. */
export function aggregate(
  tokens: readonly ScoredToken[],
  labels: readonly string[],
  aggregation: Aggregation,
  joiner: Joiner,
): TokenTag[] {
  if (aggregation === "none" || aggregation === "simple") {
    const tags = tokens.map((token) => tagged(token, token.scores, labels));
    return aggregation === "none" ? tags : grouped(tags, joiner);
  }
  const words = wordsOf(tokens).map((word) => ({
    ...tagged(word[0]!, wordScores[aggregation](word), labels),
    word: joiner.convertTokensToString(word.map((token) => token.word)),
    end: word.at(-1)!.end,
  }));
  return grouped(words, joiner);
}

function tagged(token: ScoredToken, scores: Float32Array, labels: readonly string[]): TokenTag {
  const { word, start, end, index } = token;
  const best = argmax(scores);
  return { label: labels[best]!, score: scores[best]!, word, start, end, index };
}

function wordsOf(tokens: readonly ScoredToken[]): ScoredToken[][] {
  const words: ScoredToken[][] = [];
  for (const token of tokens) {
    if (token.continuesWord && words.length > 0) words.at(-1)!.push(token);
    else words.push([token]);
  }
  return words;
}

/** The probabilities of a word's labels, `[labels]`, from those of its tokens. */
const wordScores = {
  first: (word: readonly ScoredToken[]) => word[0]!.scores,
  max: (word: readonly ScoredToken[]) => word[argmax(word.map(({ scores }) => Math.max(...scores)))]!.scores,
  average: (word: readonly ScoredToken[]) =>
    // In float32, as NumPy adds: equal means stay equal.
    word[0]!.scores.map((_, label) => {
      const sum = word.reduce((sum, { scores }) => Math.fround(sum + scores[label]!), 0);
      return sum / word.length;
    }),
};

/** Groups neighbors with the same label into one tag; `B-` begins a new one. */
function grouped(tags: readonly TokenTag[], joiner: Joiner): TokenTag[] {
  const groups: TokenTag[][] = [];
  for (const tag of tags) {
    const last = groups.at(-1)?.at(-1);
    if (last && kindOf(last.label) === kindOf(tag.label) && !tag.label.startsWith("B-")) groups.at(-1)!.push(tag);
    else groups.push([tag]);
  }
  return groups.map((group) => ({
    ...group[0]!,
    label: group[0]!.label.replace(/^[^-]*-/, ""),
    score: group.reduce((sum, tag) => sum + tag.score, 0) / group.length,
    word: joiner.convertTokensToString(group.map(({ word }) => word)),
    end: group.at(-1)!.end,
  }));
}

const kindOf = (label: string): string => label.replace(/^[BI]-/, "");

/**
 * Merges the tags of several windows of `text`, in order. Of overlapping tags the longest is kept; of equally long
 * ones, the one with the higher score.
 */
export function withoutOverlaps(tags: readonly TokenTag[], text: string): TokenTag[] {
  const length = ({ start, end }: TokenTag) => [...text.slice(start, end)].length;
  const kept: TokenTag[] = [];
  for (const tag of [...tags].sort((a, b) => a.start - b.start)) {
    const last = kept.at(-1);
    if (!last || tag.start >= last.end) kept.push(tag);
    else if (length(tag) > length(last) || (length(tag) === length(last) && tag.score > last.score))
      kept[kept.length - 1] = tag;
  }
  return kept;
}
