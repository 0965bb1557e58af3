import { sortedBatches } from "../data/batches.js";
import { AbortError, ConfigError, DataError, EngineError, ShapeError } from "../errors.js";
import { pack } from "../nn/packed.js";
import { pacer } from "../platform/pacer.js";
import type { EncodedBatch } from "../tokenizers/tokenizer.js";
import { labelNames, type RoFormerConfig } from "./config.js";
import type { RoFormer } from "./roformer.js";

/** Settings of `classify`. */
export interface ClassifyOptions {
  /** Second texts, one for each first: the model judges pairs. */
  readonly pairs?: readonly string[];
  /** Tokens a text is cut to; what the model was trained with unless given. */
  readonly maxLength?: number;
  /** Tokens computed at once; texts of like length go together. */
  readonly batchTokens?: number;
  readonly signal?: AbortSignal;
  /** Hears how many texts are done. */
  readonly onProgress?: (progress: { done: number; total: number }) => void;
}

/** What a classifier thinks of one text. */
export interface Classification {
  /** The likeliest class; of a model with one output, its only label. */
  readonly label: string;
  /** Its probability; of a model with one output, the value. */
  readonly score: number;
  /** Every label's score. */
  readonly scores: Record<string, number>;
}

/** Classifies `texts`, in batches of like length; the results are in the order of the texts and do not depend on the batches. */
export async function classify(
  model: RoFormer,
  texts: readonly string[],
  options: ClassifyOptions,
): Promise<Classification[]> {
  const { tokenizer, config, head } = model;
  if (head !== "sequence-classification")
    throw new ConfigError(`classify needs a classifier, not a model with the head "${head}"`);
  if (!tokenizer) throw new ConfigError("classify needs a tokenizer, and the model has none");
  const { pairs, maxLength = trainedLength(model), batchTokens = 4096, signal, onProgress } = options;
  if (!Array.isArray(texts)) throw new ShapeError("classify: texts", texts, "a text or a list of texts");
  if (!(batchTokens >= 1)) throw new ConfigError(`classify: batchTokens is ${batchTokens}, not 1 or more`);
  const ids = tokenizer.encodeBatch(texts, { ...(pairs && { pairs }), maxLength, truncation: true });
  const encoded = sequences(ids, config, (i) => `classify: texts[${i}]`);
  const scores = scorer(config.problem_type, labelNames(config));
  const results = new Array<Classification>(texts.length);
  const pause = pacer();
  let done = 0;
  for (const batch of sortedBatches(
    encoded.map(({ ids }) => ids.length),
    { tokens: batchTokens },
  )) {
    if (signal?.aborted) throw new AbortError("classify was aborted", { cause: signal.reason });
    const chosen = batch.map((i) => encoded[i]!);
    const { logits } = model.forwardPacked(
      pack(
        chosen.map(({ ids }) => ids),
        chosen.map(({ typeIds }) => typeIds),
      ),
    );
    const width = logits!.shape[1]!;
    checkLogits(logits!.data);
    for (const [row, i] of batch.entries()) results[i] = scores(logits!.data.subarray(row * width, (row + 1) * width));
    done += batch.length;
    onProgress?.({ done, total: texts.length });
    await pause();
  }
  return results;
}

/** The length a model was trained with, as its tokenizer notes; else what its positions allow, at most 512. */
export const trainedLength = ({ tokenizer, config }: RoFormer): number =>
  Math.min(tokenizer?.modelMaxLength ?? 512, config.max_position_embeddings);

/**
 * An encoded batch, text by text. A text without tokens, or with one that the model has no vector for (the tokenizer is
 * another model's), is a DataError; `where` names it.
 */
export function sequences(
  { ids, typeIds, offsets }: EncodedBatch,
  { vocab_size, type_vocab_size }: RoFormerConfig,
  where: (text: number) => string,
): { ids: Int32Array; typeIds: Uint8Array }[] {
  return Array.from({ length: offsets.length - 1 }, (_, i) => {
    const one = {
      ids: ids.subarray(offsets[i], offsets[i + 1]),
      typeIds: typeIds.subarray(offsets[i], offsets[i + 1]),
    };
    const unknown = one.ids.find((id) => id >= vocab_size);
    if (one.ids.length === 0) throw new DataError(`${where(i)}: the tokenizer makes no token of it`);
    if (unknown !== undefined)
      throw new DataError(
        `${where(i)}: the tokenizer gives it the token ${unknown}, but the model's vocab_size is ${vocab_size}: they do not belong together`,
      );
    if (one.typeIds.some((type) => type >= type_vocab_size))
      throw new DataError(`${where(i)}: it is a pair, but the model's type_vocab_size is ${type_vocab_size}`);
    return one;
  });
}

/** Logits that are no numbers, which would pass for some label's, are an EngineError. */
export function checkLogits(logits: Float32Array): void {
  if (logits.every(Number.isFinite)) return;
  throw new EngineError(
    "the model gives NaN or infinity: its weights are broken, as by a learning rate that was too high",
  );
}

function scorer(
  problem: string | null | undefined,
  labels: readonly string[],
): (logits: Float32Array) => Classification {
  const regression = problem === "regression" || (labels.length === 1 && !problem);
  return (logits) => {
    const scores = regression
      ? [...logits]
      : problem === "multi_label_classification"
        ? sigmoid(logits)
        : softmax(logits);
    const best = scores.reduce((top, score, i) => (score > scores[top]! ? i : top), 0);
    const named = Object.fromEntries(labels.map((label, i) => [label, scores[i]!]));
    return { label: labels[best]!, score: scores[best]!, scores: named };
  };
}

const sigmoid = (logits: Float32Array): number[] => Array.from(logits, (x) => 1 / (1 + Math.exp(-x)));

function softmax(logits: Float32Array): number[] {
  const top = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = Array.from(logits, (x) => Math.exp(x - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}
