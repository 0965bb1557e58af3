import { DataError, ShapeError } from "../errors.js";
import type { RoFormer } from "../models/roformer.js";
import { checkCount, checkTexts, largest } from "./batches.js";
import { type EmbedOptions, embed, normalized } from "./embed.js";

/** Settings of `search`. */
export interface SearchOptions extends EmbedOptions {
  /** Texts found for each query; 5 unless given. */
  readonly topK?: number;
}

/** A text that was found. */
export interface SearchHit {
  /** Its number among the texts, from 0. */
  readonly index: number;
  /** Cosine of the angle between its vector and the query's, −1 … 1. */
  readonly score: number;
}

/**
 * For each query the likest of `texts`, best first, by the cosine of their vectors. `texts` may be vectors that `embed` made
 * before, with the same settings.
 */
export async function search(
  model: RoFormer,
  queries: readonly string[],
  texts: readonly string[] | readonly Float32Array[],
  options: SearchOptions,
): Promise<SearchHit[][]> {
  const topK = checkCount("search", "topK", options.topK ?? 5);
  const { onProgress, ...quiet } = options;
  const asked = await embed(model, checkTexts("search", queries), { ...quiet, normalize: true });
  const vectors = isVectors(texts)
    ? texts.map((vector) => normalized(Float32Array.from(vector)))
    : await embed(model, texts, { ...options, normalize: true });
  const wrong = vectors.findIndex(({ length }) => asked[0] && length !== asked[0].length);
  if (wrong >= 0)
    throw new ShapeError(`search: vector ${wrong}`, vectors[wrong]!.length, `${asked[0]!.length} numbers`);
  const broken = vectors.findIndex((vector) => !vector.every(Number.isFinite));
  if (broken >= 0) throw new DataError(`search: vector ${broken} holds NaN or infinity`);
  return asked.map((query) => {
    const scores = vectors.map((vector) => vector.reduce((sum, x, i) => sum + x * query[i]!, 0));
    return largest(scores, topK).map((index) => ({ index, score: scores[index]! }));
  });
}

const isVectors = (texts: readonly string[] | readonly Float32Array[]): texts is readonly Float32Array[] =>
  Array.isArray(texts) && texts.length > 0 && texts.every((one) => ArrayBuffer.isView(one));
