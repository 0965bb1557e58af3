import { sortedBatches } from "../data/batches.js";
import { AbortError, ConfigError, DataError, EngineError, ShapeError } from "../errors.js";
import type { RoFormer } from "../models/roformer.js";
import type { HeadName } from "../nn/heads/index.js";
import { type PackedBatch, pack } from "../nn/packed.js";
import { pacer } from "../platform/pacer.js";
import type { Tensor } from "../tensor/tensor.js";
import type { EncodedBatch, Tokenizer } from "../tokenizers/tokenizer.js";

/** What every pipeline takes. */
export interface PipelineOptions {
  /**
   * Tokens a text is cut to.
   * @default what the model was trained with
   */
  readonly maxLength?: number | undefined;
  /**
   * Tokens computed at once; texts of like length go together.
   * @default 4096
   */
  readonly batchTokens?: number | undefined;
  /** Ends the work between two batches with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** Hears how many texts are done. */
  readonly onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
}

/** A text's tokens. */
export interface Sequence {
  readonly ids: ArrayLike<number>;
  readonly typeIds: ArrayLike<number>;
}

/** What a pipeline may read of a batch: tensors that end with the call. */
export interface BatchStates {
  /** The last hidden states, `[N, C]`, sequences end to end. */
  readonly hidden: Tensor;
  /** Where the sequences begin and end. */
  readonly batch: PackedBatch;
  /** The head's outputs by name for rows of hidden states, `[R, C]`, or for all: a row a token or a sequence. */
  head(hidden?: Tensor): Record<string, Tensor>;
}

/** The tokenizer that a pipeline needs, and the head; ConfigError if the model has another. */
export function needed(what: string, model: RoFormer, heads?: readonly HeadName[]): Tokenizer {
  if (heads && !heads.includes(model.head))
    throw new ConfigError(`${what} needs a model with the head "${heads.join('" or "')}", not "${model.head}"`);
  if (!model.tokenizer) throw new ConfigError(`${what} needs a tokenizer, and the model has none`);
  return model.tokenizer;
}

/** The length a model was trained with, as its tokenizer notes; else what its positions allow, at most 512. */
export const trainedLength = ({ tokenizer, config }: RoFormer): number =>
  Math.min(tokenizer?.modelMaxLength ?? 512, config.max_position_embeddings);

/** `texts`, after checking that it is a list of strings. */
export function checkTexts(what: string, texts: unknown): readonly string[] {
  if (!Array.isArray(texts)) throw new ShapeError(`${what}: texts`, String(texts), "a text or a list of texts");
  const wrong = texts.findIndex((text) => typeof text !== "string");
  if (wrong >= 0) throw new DataError(`${what}: texts[${wrong}] is ${typeof texts[wrong]}, not a text`);
  return texts;
}

/** Encoded texts; a text without tokens, or with one that the model has no vector for, is a DataError that names it. */
export function encodeTexts(
  what: string,
  model: RoFormer,
  texts: readonly string[],
  {
    pairs,
    maxLength = trainedLength(model),
  }: { pairs?: readonly string[] | undefined; maxLength?: number | undefined },
): Sequence[] {
  if (pairs !== undefined && (!Array.isArray(pairs) || pairs.length !== texts.length))
    throw new ShapeError(
      `${what}: pairs`,
      Array.isArray(pairs) ? pairs.length : String(pairs),
      `${texts.length} texts`,
    );
  const encoded = needed(what, model).encodeBatch(texts, { ...(pairs && { pairs }), maxLength, truncation: true });
  return sequencesOf(encoded, model, (i) => `${what}: texts[${i}]`);
}

/** An encoded batch, text by text, checked; `where` names a text. */
export function sequencesOf(
  { ids, typeIds, offsets }: EncodedBatch,
  model: Pick<RoFormer, "config">,
  where: (text: number) => string,
): Sequence[] {
  return Array.from({ length: offsets.length - 1 }, (_, i) => {
    const sequence = {
      ids: ids.subarray(offsets[i], offsets[i + 1]),
      typeIds: typeIds.subarray(offsets[i], offsets[i + 1]),
    };
    checkSequence(where(i), sequence, model);
    return sequence;
  });
}

/** Refuses a text without tokens, or with one that the model has no vector for: the tokenizer is another model's. */
export function checkSequence(where: string, { ids, typeIds }: Sequence, { config }: Pick<RoFormer, "config">): void {
  const { vocab_size, type_vocab_size } = config;
  if (ids.length === 0) throw new DataError(`${where}: the tokenizer makes no token of it`);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i]! >= vocab_size)
      throw new DataError(
        `${where}: the tokenizer gives it the token ${ids[i]}, but the model's vocab_size is ${vocab_size}: they do not belong together`,
      );
    if (typeIds[i]! >= type_vocab_size)
      throw new DataError(`${where}: it is a pair, but the model's type_vocab_size is ${type_vocab_size}`);
  }
}

/**
 * Computes sequences in batches of like length, and gives what `read` makes of each, in the order of the sequences. `read`
 * gives one result a sequence of its batch, whose numbers it is told. Results do not depend on the batches.
 */
export async function runBatches<T>(
  what: string,
  model: RoFormer,
  sequences: readonly Sequence[],
  { batchTokens = 4096, signal, onProgress }: PipelineOptions,
  read: (states: BatchStates, chosen: readonly number[]) => T[],
): Promise<T[]> {
  if (!(batchTokens >= 1)) throw new ConfigError(`${what}: batchTokens is ${batchTokens}, not 1 or more`);
  const results = new Array<T>(sequences.length);
  const pause = pacer();
  const lengths = sequences.map(({ ids }) => ids.length);
  let done = 0;
  for (const chosen of sortedBatches(lengths, { tokens: batchTokens })) {
    if (signal?.aborted) throw new AbortError(`${what} was aborted`, { cause: signal.reason });
    const [ids, types] = [chosen.map((i) => sequences[i]!.ids), chosen.map((i) => sequences[i]!.typeIds)];
    const made = model.runPacked(pack(ids, types), (states) => read(states, chosen));
    for (const [row, i] of chosen.entries()) results[i] = made[row]!;
    done += chosen.length;
    onProgress?.({ done, total: sequences.length });
    await pause();
  }
  return results;
}

/** A tensor's numbers, copied. Ones that are no numbers, which would pass for some result, are an EngineError. */
export function readFinite(tensor: Tensor): Float32Array {
  const numbers = tensor.read();
  if (numbers.every(Number.isFinite)) return numbers;
  throw new EngineError(
    "the model gives NaN or infinity: its weights are broken, as by a learning rate that was too high",
  );
}

/** Probabilities of logits. */
export function softmax(logits: ArrayLike<number>): number[] {
  const all = Array.from(logits);
  const top = all.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = all.map((x) => Math.exp(x - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** The numbers of the `k` largest values, largest first; of equal ones the earlier first. */
export function largest(values: ArrayLike<number>, k: number): number[] {
  const best: number[] = [];
  for (let i = 0; i < values.length; i++) {
    if (best.length === k && !(values[i]! > values[best[k - 1]!]!)) continue;
    let at = best.length;
    while (at > 0 && values[i]! > values[best[at - 1]!]!) at--;
    best.splice(at, 0, i);
    if (best.length > k) best.pop();
  }
  return best;
}

/** `k`, after checking that it is a whole number from 1. */
export function checkCount(what: string, name: string, k: unknown): number {
  if (!Number.isInteger(k) || (k as number) < 1)
    throw new ConfigError(`${what}: ${name} is ${String(k)}, not a whole number from 1`);
  return k as number;
}
