import { ConfigError, DataError } from "../errors.js";
import type { BatchStates } from "../models/model.js";
import { gatherRows } from "../ops/embedding.js";
import type { Names } from "../options.js";
import { integers } from "../tensor/tensor.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";
import { checkCount, placeNames } from "./checks.js";
import { finiteRows, largest, softmax } from "./numbers.js";
import { job, PIPELINE, type Pipeline, type PipelineOptions, type Place, type Sequence } from "./pipeline.js";
import { encodeTexts } from "./texts.js";

/** Settings of `fillMask`. */
export interface FillMaskOptions extends PipelineOptions {
  /**
   * Number of predictions per mask.
   * @default 5
   */
  readonly topK?: number | undefined;
}

/** A predicted token for a mask. */
export interface MaskGuess {
  /** The token, as in the vocabulary. */
  readonly token: string;
  /** Its id. */
  readonly tokenId: number;
  /** Its probability, 0 … 1. */
  readonly score: number;
  /** The text with the token in place of the mask. */
  readonly sequence: string;
  /** Index of the mask in the text. */
  readonly mask: number;
}

const OPTIONS: Names<FillMaskOptions> = { ...PIPELINE, topK: true };

/** Predicts the masked tokens of each text: masks in order, for each the most likely tokens first. */
export const fillMask: Pipeline<string, [options?: FillMaskOptions], MaskGuess[]> = {
  heads: ["masked-lm"],
  options: OPTIONS,
  prepare(model, texts, options = {}) {
    const { tokenizer } = model;
    const topK = checkCount("fillMask", "topK", options.topK ?? 5);
    if (tokenizer.maskTokenId === undefined) throw new ConfigError("fillMask: the tokenizer has no mask token");
    const sequences = encodeTexts("fillMask", model, texts, options);
    const masks = masksOf(tokenizer, texts, sequences, placeNames("fillMask", "texts", options.where));
    return job({
      sequences,
      read: (states, places) =>
        maskLogits(states, places, masks).map((logits, i) => {
          const { index } = places[i]!;
          return logits.flatMap((own, mask) => guesses(tokenizer, sequences[index]!, masks[index]!, mask, own, topK));
        }),
      finish: (found) => [...found],
    });
  },
};

/** The positions of the masks in each text. Errors: DataError for a text without a mask, or with one that is truncated. */
function masksOf(
  { maskTokenId, specialTokens }: Tokenizer,
  texts: readonly string[],
  sequences: readonly Sequence[],
  where: (index: number) => string,
): number[][] {
  const masks = sequences.map(({ ids }) => Array.from(ids).flatMap((id, at) => (id === maskTokenId ? [at] : [])));
  const none = masks.findIndex((places) => places.length === 0);
  if (none >= 0)
    throw new DataError(
      `${where(none)} has no ${specialTokens.mask ?? "mask"} in its first ${sequences[none]!.ids.length} tokens`,
    );
  const cut = masks.findIndex((places, i) => places.length < texts[i]!.split(specialTokens.mask!).length - 1);
  if (cut >= 0) throw new DataError(`${where(cut)} has masks beyond its first ${sequences[cut]!.ids.length} tokens`);
  return masks;
}

/** The most likely tokens of one mask, whose logits are `[V]`. */
function guesses(
  tokenizer: Tokenizer,
  sequence: Sequence,
  masks: readonly number[],
  mask: number,
  logits: Float32Array,
  topK: number,
): MaskGuess[] {
  const probabilities = softmax(logits);
  return largest(probabilities, topK).map((tokenId) => {
    const ids = Array.from(sequence.ids);
    ids[masks[mask]!] = tokenId;
    const filled = tokenizer.decode(ids, { skipSpecialTokens: masks.length === 1 });
    const token = tokenizer.idToToken(tokenId) ?? "";
    return { token, tokenId, score: probabilities[tokenId]!, sequence: filled, mask };
  });
}

/** The logits of the masks of each sequence at `places`, `[V]` each: only these positions are decoded. */
function maskLogits(
  { hidden, head, batch }: BatchStates,
  places: readonly Place[],
  masks: readonly (readonly number[])[],
): Float32Array[][] {
  const { offsets } = batch.packed;
  const rows = Int32Array.from(places.flatMap(({ row, index }) => masks[index]!.map((at) => offsets[row]! + at)));
  const logits = finiteRows(head(gatherRows(hidden, integers(rows))).logits!);
  let row = 0;
  return places.map(({ index }) => masks[index]!.map(() => logits(row++)));
}
