import { DataError, ShapeError } from "../errors.js";
import type { RoFormerConfig } from "../models/config.js";
import type { EncodedBatch } from "../tokenizers/tokenizer.js";
import { checkTexts, placeNames } from "./checks.js";
import type { PipelineOptions, ReadyModel, Sequence } from "./pipeline.js";

interface TextOptions extends Pick<PipelineOptions, "maxLength" | "where"> {
  readonly pairs?: readonly string[] | undefined;
}

/**
 * Encodes texts as sequences. Errors: DataError for a value that is not a string, for a text without tokens, or for a token that the model
 * does not know; ShapeError for pairs that do not match.
 */
export function encodeTexts(
  what: string,
  model: ReadyModel,
  texts: readonly string[],
  { pairs, maxLength = model.trainedLength, where }: TextOptions,
): Sequence[] {
  checkTexts(what, texts);
  if (pairs !== undefined && (!Array.isArray(pairs) || pairs.length !== texts.length))
    throw new ShapeError(
      `${what}: pairs`,
      Array.isArray(pairs) ? pairs.length : String(pairs),
      `${texts.length} texts`,
    );
  const encoded = model.tokenizer.encodeBatch(texts, { ...(pairs && { pairs }), maxLength, truncation: true });
  return sequencesOf(encoded, model.config, placeNames(what, "texts", where));
}

/** Splits an encoded batch into texts and checks them; `where` names a text. */
export function sequencesOf(
  { ids, typeIds, offsets }: EncodedBatch,
  config: RoFormerConfig,
  where: (text: number) => string,
): Sequence[] {
  return Array.from({ length: offsets.length - 1 }, (_, i) => {
    const sequence = {
      ids: ids.subarray(offsets[i], offsets[i + 1]),
      typeIds: typeIds.subarray(offsets[i], offsets[i + 1]),
    };
    checkSequence(where(i), sequence, config);
    return sequence;
  });
}

/** Refuses a text without tokens, or with a token that the model does not know: the tokenizer belongs to another model. */
export function checkSequence(
  where: string,
  { ids, typeIds }: Sequence,
  { vocab_size, type_vocab_size }: RoFormerConfig,
): void {
  if (ids.length === 0) throw new DataError(`${where}: the tokenizer returns no tokens for it`);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i]! >= vocab_size)
      throw new DataError(
        `${where}: the tokenizer gives it the token ${ids[i]}, but the model's vocab_size is ${vocab_size}: they do not belong together`,
      );
    if (typeIds[i]! >= type_vocab_size)
      throw new DataError(`${where}: it is a pair, but the model's type_vocab_size is ${type_vocab_size}`);
  }
}
