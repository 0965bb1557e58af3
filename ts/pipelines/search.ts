import { DataError, ShapeError } from "../errors.js";
import type { RoFormer } from "../models/roformer.js";
import { checkCount, checkTexts, largest } from "./batches.js";
import { type EmbedOptions, embed } from "./embed.js";
import { type SimilarityFnName, similarityOf } from "./similarity.js";

export type { SimilarityFnName };

/** Settings of `search`: those of `embed`, for queries and texts alike. */
export interface SearchOptions extends EmbedOptions {
  /** Texts found for each query. Default: 5. */
  readonly topK?: number | undefined;
  /** A text to put in front of each query. Default: the prompt of the texts. */
  readonly queryPrompt?: string | undefined;
  /** The name of a prompt of the model's files, for queries. Default: the prompt of the texts. */
  readonly queryPromptName?: string | undefined;
  /** How vectors are compared. Default: as the model's files say (`similarity_fn_name`), or "cosine". */
  readonly similarityFnName?: SimilarityFnName | undefined;
}

/** A text that was found. */
export interface SearchHit {
  /** Its number among the texts, from 0. */
  readonly index: number;
  /**
   * How alike its vector and the query's are: the cosine of their angle, −1 … 1; under "dot" their inner product; under
   * "euclidean" and "manhattan" their distance with a minus sign.
   */
  readonly score: number;
}

/**
 * For each query the texts with the most similar vectors, best first. `texts` may be vectors that `embed` made before, with the
 * same settings.
 */
export async function search(
  model: RoFormer,
  queries: readonly string[],
  texts: readonly string[] | readonly Float32Array[],
  options: SearchOptions,
): Promise<SearchHit[][]> {
  const topK = checkCount("search", "topK", options.topK ?? 5);
  const name = options.similarityFnName ?? model.sentences?.similarityFnName ?? "cosine";
  const { prepare, compare } = similarityOf("search", name);
  const asked = await embed(model, checkTexts("search", queries), queryOptions(options));
  const vectors = isVectors(texts) ? texts : await embed(model, texts, options);
  checkVectors(vectors, asked[0]?.length);
  const prepared = vectors.map(prepare);
  return asked.map(prepare).map((query) => {
    const scores = prepared.map((vector) => compare(query, vector));
    return largest(scores, topK).map((index) => ({ index, score: scores[index]! }));
  });
}

/** What queries are embedded with: `onProgress` counts texts alone. */
function queryOptions(options: SearchOptions): EmbedOptions {
  const { onProgress, queryPrompt, queryPromptName, ...rest } = options;
  if (queryPrompt === undefined && queryPromptName === undefined) return rest;
  const { prompt, promptName, ...others } = rest;
  return {
    ...others,
    ...(queryPrompt !== undefined && { prompt: queryPrompt }),
    ...(queryPromptName !== undefined && { promptName: queryPromptName }),
  };
}

function checkVectors(vectors: readonly Float32Array[], width: number | undefined): void {
  const wrong = vectors.findIndex(({ length }) => width !== undefined && length !== width);
  if (wrong >= 0) throw new ShapeError(`search: vector ${wrong}`, vectors[wrong]!.length, `${width} numbers`);
  const broken = vectors.findIndex((vector) => !vector.every(Number.isFinite));
  if (broken >= 0) throw new DataError(`search: vector ${broken} holds NaN or infinity`);
}

const isVectors = (texts: readonly string[] | readonly Float32Array[]): texts is readonly Float32Array[] =>
  Array.isArray(texts) && texts.length > 0 && texts.every((one) => ArrayBuffer.isView(one));
