import { ConfigError } from "../errors.js";
import { labelNames } from "../models/config.js";
import type { RoFormer } from "../models/roformer.js";
import type { Encoding, Tokenizer } from "../tokenizers/tokenizer.js";
import {
  checkSequence,
  checkTexts,
  needed,
  type PipelineOptions,
  readFinite,
  runBatches,
  trainedLength,
} from "./batches.js";
import { float32Softmax } from "./float32Softmax.js";
import {
  AGGREGATIONS,
  type Aggregation,
  aggregate,
  type ScoredToken,
  type TokenTag,
  withoutOverlaps,
} from "./tagGroups.js";

export type { Aggregation, TokenTag };

/** Settings of `tagTokens`. */
export interface TagTokensOptions extends PipelineOptions {
  /**
   * What gets a tag. "none": each token. "simple": neighbors of one kind (`B-PER`, `I-PER`), where `B-` begins a new tag.
   * "first", "average", "max": as "simple", after the tokens of each word have got one label: that of the first token, of the
   * mean of their probabilities, or of the token with the highest score.
   * @default "none"
   */
  readonly aggregation?: Aggregation | undefined;
  /**
   * Labels whose tags are left out; without `B-` and `I-` if `aggregation` is not "none".
   * @default `["O"]`
   */
  readonly ignoreLabels?: readonly string[] | undefined;
  /**
   * Reads a text that is longer than `maxLength` in windows that share this many tokens, instead of its beginning alone. Of
   * tags that overlap the longest stays. Needs an `aggregation` other than "none".
   */
  readonly stride?: number | undefined;
}

/**
 * The labels of each text's tokens, as the token-classification pipeline of transformers 4.57 gives them. What the special
 * tokens mask marks is left out. Errors: ConfigError for options, DataError for what is not a text.
 */
export async function tagTokens(
  model: RoFormer,
  texts: readonly string[],
  options: TagTokensOptions,
): Promise<TokenTag[][]> {
  const tokenizer = needed("tagTokens", model, ["token-classification"]);
  const { aggregation = "none", ignoreLabels = ["O"] } = options;
  if (!AGGREGATIONS.includes(aggregation))
    throw new ConfigError(
      `tagTokens: aggregation is ${JSON.stringify(aggregation)}, not one of ${AGGREGATIONS.join(", ")}`,
    );
  const windows = checkTexts("tagTokens", texts).map((text, i) => encodeWindows(model, tokenizer, text, i, options));
  const all = windows.flatMap((own, text) => own.map((encoding) => ({ encoding, text: texts[text]! })));
  const encodings = all.map(({ encoding }) => encoding);
  const labels = labelNames(model.config);
  const found = await runBatches("tagTokens", model, encodings, options, ({ head, batch }, chosen) => {
    const logits = readFinite(head().logits!);
    const { offsets } = batch.packed;
    return chosen.map((i, b) => {
      const own = logits.subarray(offsets[b]! * labels.length, offsets[b + 1]! * labels.length);
      const tags = aggregate(scoredTokens(tokenizer, all[i]!, own), labels, aggregation, tokenizer);
      return tags.filter(({ label }) => !ignoreLabels.includes(label));
    });
  });
  let at = 0;
  return windows.map(({ length }, i) => {
    at += length;
    const tags = found.slice(at - length, at).flat();
    return length > 1 ? withoutOverlaps(tags, texts[i]!) : tags;
  });
}

/** The windows of a text: one, if no `stride` is given; none, if it has no tokens. */
function encodeWindows(
  model: RoFormer,
  tokenizer: Tokenizer,
  text: string,
  i: number,
  { maxLength = trainedLength(model), stride, aggregation = "none" }: TagTokensOptions,
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
  for (const encoding of windows) checkSequence(`tagTokens: texts[${i}]`, encoding, model);
  return windows;
}

/** The tokens of a window that are not special ones, with their probabilities. `logits`: `[T, labels]`. */
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
 * Whether a token continues a word. Where pieces show it by a prefix (`##`), those do that are longer or shorter than their
 * text, in characters; else those at whose begin there is no space.
 */
function continuesWord(tokenizer: Tokenizer, token: string, text: string, start: number, end: number): boolean {
  if (tokenizer.continuingSubwordPrefix !== "") return [...token].length !== [...text.slice(start, end)].length;
  return start > 0 && !text.slice(start - 1, start + 1).includes(" ");
}
