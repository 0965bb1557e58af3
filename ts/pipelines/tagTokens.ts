import { ConfigError } from "../errors.js";
import { labelNames } from "../models/config.js";
import type { Names } from "../options.js";
import type { Encoding, Tokenizer } from "../tokenizers/tokenizer.js";
import { checkTexts, placeNames } from "./checks.js";
import { finiteRows, float32Softmax } from "./numbers.js";
import { job, PIPELINE, type Pipeline, type PipelineOptions, type ReadyModel } from "./pipeline.js";
import {
  AGGREGATIONS,
  type Aggregation,
  aggregate,
  type ScoredToken,
  type TokenTag,
  withoutOverlaps,
} from "./tagGroups.js";
import { checkSequence } from "./texts.js";

export type { Aggregation, TokenTag };

/** Settings of `tagTokens`. */
export interface TagTokensOptions extends PipelineOptions {
  /**
   * How tokens are grouped into tags. "none": each token by itself. "simple": neighbors with the same label (`B-PER`, `I-PER`); `B-` begins a new tag.
   * "first", "average", "max": as "simple", after the tokens of each word are given one label: that of the first token, of the
   * mean of their probabilities, or of the token with the highest score.
   * @default "none"
   */
  readonly aggregation?: Aggregation | undefined;
  /**
   * Labels to leave out; without `B-` and `I-` if `aggregation` is not "none".
   * @default `["O"]`
   */
  readonly ignoreLabels?: readonly string[] | undefined;
  /**
   * Reads texts longer than `maxLength` in windows that overlap by this many tokens, instead of truncating them. Of
   * overlapping tags the longest is kept. Requires an `aggregation` other than "none".
   */
  readonly stride?: number | undefined;
}

const OPTIONS: Names<TagTokensOptions> = { ...PIPELINE, aggregation: true, ignoreLabels: true, stride: true };

/**
 * Tags the tokens of texts, as the token-classification pipeline of transformers 4.57 does. Tokens that the special tokens mask marks are
 * left out. Errors: ConfigError for options, DataError for values that are not strings.
 */
export const tagTokens: Pipeline<string, [options?: TagTokensOptions], TokenTag[]> = {
  heads: ["token-classification"],
  options: OPTIONS,
  prepare(model, texts, options = {}) {
    const { tokenizer } = model;
    const { aggregation = "none", ignoreLabels = ["O"] } = options;
    if (!AGGREGATIONS.includes(aggregation))
      throw new ConfigError(
        `tagTokens: aggregation is ${JSON.stringify(aggregation)}, not one of ${AGGREGATIONS.join(", ")}`,
      );
    const where = placeNames("tagTokens", "texts", options.where);
    const windows = checkTexts("tagTokens", texts).map((text, i) => encodeWindows(model, text, where(i), options));
    const all = windows.flatMap((own, text) => own.map((encoding) => ({ encoding, text: texts[text]! })));
    const labels = labelNames(model.config);
    return job({
      sequences: all.map(({ encoding }) => encoding),
      read({ head, batch }, places) {
        const logits = finiteRows(head().logits!);
        const { offsets } = batch.packed;
        return places.map(({ row, index }) => {
          const own = logits(offsets[row]!, offsets[row + 1]!);
          const tags = aggregate(scoredTokens(tokenizer, all[index]!, own), labels, aggregation, tokenizer);
          return tags.filter(({ label }) => !ignoreLabels.includes(label));
        });
      },
      finish(found) {
        let at = 0;
        return windows.map(({ length }, i) => {
          at += length;
          const tags = found.slice(at - length, at).flat();
          return length > 1 ? withoutOverlaps(tags, texts[i]!) : tags;
        });
      },
    });
  },
};

/** The windows of a text: one without `stride`; none if it has no tokens. */
function encodeWindows(
  { tokenizer, config, trainedLength }: ReadyModel,
  text: string,
  where: string,
  { maxLength = trainedLength, stride, aggregation = "none" }: TagTokensOptions,
): Encoding[] {
  if (stride !== undefined) {
    if (aggregation === "none") throw new ConfigError('tagTokens: stride needs an aggregation other than "none"');
    const room = maxLength - tokenizer.encode("").ids.length;
    if (!(Number.isInteger(stride) && stride >= 0 && stride < room))
      throw new ConfigError(
        `tagTokens: stride is ${String(stride)}, not a whole number from 0 and less than the ${room} tokens of text in a window`,
      );
  }
  const limits = { maxLength, truncation: true, ...(stride !== undefined && { stride }) };
  const { overflow = [], ...first } = tokenizer.encode(text, limits);
  const windows = [first, ...overflow].filter(({ ids }) => ids.length > 0);
  for (const encoding of windows) checkSequence(where, encoding, config);
  return windows;
}

/** The tokens of a window except special ones, with their probabilities. `logits`: `[T, labels]`. */
function scoredTokens(
  tokenizer: Tokenizer,
  { encoding, text }: { encoding: Encoding; text: string },
  logits: Float32Array,
): ScoredToken[] {
  const { ids, tokens, offsets, specialTokensMask } = encoding;
  const width = logits.length / ids.length;
  return ids.flatMap((id, index) => {
    if (specialTokensMask[index] === 1) return [];
    const [start, end] = offsets[index]!;
    const token = tokenizer.idToToken(id) ?? tokens[index]!;
    const isUnknown = id === tokenizer.unkTokenId;
    return [
      {
        ...{ start, end, index },
        word: isUnknown ? text.slice(start, end) : token,
        scores: float32Softmax(logits.subarray(index * width, (index + 1) * width)),
        continuesWord: !isUnknown && continuesWord(tokenizer, token, text, start, end),
      },
    ];
  });
}

/**
 * Whether a token continues a word. If the vocabulary marks pieces by a prefix (`##`): a token whose length differs from its
 * text, in characters; else a token without a space at its start.
 */
function continuesWord(tokenizer: Tokenizer, token: string, text: string, start: number, end: number): boolean {
  if (tokenizer.continuingSubwordPrefix !== "") return [...token].length !== [...text.slice(start, end)].length;
  return start > 0 && !text.slice(start - 1, start + 1).includes(" ");
}
