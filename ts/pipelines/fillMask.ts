import { ConfigError, DataError } from "../errors.js";
import type { RoFormer } from "../models/roformer.js";
import { gatherRows } from "../ops/embedding.js";
import { integers } from "../tensor/tensor.js";
import {
  type BatchStates,
  checkCount,
  checkTexts,
  encodeTexts,
  largest,
  needed,
  type PipelineOptions,
  readFinite,
  runBatches,
  softmax,
} from "./batches.js";

/** Settings of `fillMask`. */
export interface FillMaskOptions extends PipelineOptions {
  /**
   * Guesses for each mask.
   * @default 5
   */
  readonly topK?: number | undefined;
}

/** A guess at a hidden token. */
export interface MaskGuess {
  /** The token, as the vocabulary has it. */
  readonly token: string;
  /** Its id. */
  readonly tokenId: number;
  /** Its probability, 0 … 1. */
  readonly score: number;
  /** The text with the token in the mask's place. */
  readonly sequence: string;
  /** Which of the text's masks it fills, from 0. */
  readonly mask: number;
}

/** Guesses at each text's masks: the masks in order, for each the likeliest tokens first. */
export async function fillMask(
  model: RoFormer,
  texts: readonly string[],
  options: FillMaskOptions,
): Promise<MaskGuess[][]> {
  const tokenizer = needed("fillMask", model, ["masked-lm"]);
  const topK = checkCount("fillMask", "topK", options.topK ?? 5);
  const { maskTokenId } = tokenizer;
  if (maskTokenId === undefined) throw new ConfigError("fillMask: the tokenizer has no mask token");
  const sequences = encodeTexts("fillMask", model, checkTexts("fillMask", texts), options);
  const masks = sequences.map(({ ids }) => Array.from(ids).flatMap((id, at) => (id === maskTokenId ? [at] : [])));
  const none = masks.findIndex((places) => places.length === 0);
  if (none >= 0)
    throw new DataError(
      `fillMask: texts[${none}] has no ${tokenizer.specialTokens.mask ?? "mask"} in its first ${sequences[none]!.ids.length} tokens`,
    );
  const cut = masks.findIndex((places, i) => places.length < texts[i]!.split(tokenizer.specialTokens.mask!).length - 1);
  if (cut >= 0)
    throw new DataError(`fillMask: texts[${cut}] has masks beyond its first ${sequences[cut]!.ids.length} tokens`);
  return runBatches("fillMask", model, sequences, options, (states, chosen) => {
    const logits = maskLogits(
      states,
      chosen.map((i) => masks[i]!),
    );
    return chosen.map((i, row) =>
      masks[i]!.flatMap((at, mask) => {
        const probabilities = softmax(logits[row]![mask]!);
        return largest(probabilities, topK).map((tokenId) => {
          const ids = Array.from(sequences[i]!.ids);
          ids[at] = tokenId;
          const sequence = tokenizer.decode(ids, { skipSpecialTokens: masks[i]!.length === 1 });
          return { token: tokenizer.idToToken(tokenId) ?? "", tokenId, score: probabilities[tokenId]!, sequence, mask };
        });
      }),
    );
  });
}

/** The logits of each sequence's masks, `[V]` each: only these are decoded. */
function maskLogits({ hidden, head, batch }: BatchStates, masks: readonly (readonly number[])[]): Float32Array[][] {
  const { offsets } = batch.packed;
  const rows = Int32Array.from(masks.flatMap((places, b) => places.map((at) => offsets[b]! + at)));
  const logits = readFinite(head(gatherRows(hidden, integers(rows))).logits!);
  const width = logits.length / rows.length;
  let row = 0;
  return masks.map((places) => places.map(() => logits.subarray(row * width, ++row * width)));
}
