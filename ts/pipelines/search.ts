import { DataError, ShapeError } from "../errors.js";
import type { Names } from "../options.js";
import { checkCount, checkTexts } from "./checks.js";
import { EMBED, type EmbedOptions, embed } from "./embed.js";
import { largest } from "./numbers.js";
import { type Job, job, type Pipeline } from "./pipeline.js";
import { type SimilarityFnName, similarityOf } from "./similarity.js";

export type { SimilarityFnName };

/** Settings of `search`: those of `embed`, for queries and texts alike. */
export interface SearchOptions extends EmbedOptions {
  /** Number of texts per query. Default: 5. */
  readonly topK?: number | undefined;
  /** A prefix for each query. Default: the prompt of the texts. */
  readonly queryPrompt?: string | undefined;
  /** The name of a prompt of the model's files, for queries. Default: the prompt of the texts. */
  readonly queryPromptName?: string | undefined;
  /** How vectors are compared. Default: as the model's files say (`similarity_fn_name`), or "cosine". */
  readonly similarityFnName?: SimilarityFnName | undefined;
}

/** A text found by `search`. */
export interface SearchHit {
  /** Its index among the texts. */
  readonly index: number;
  /**
   * The similarity of its vector to the query's: by default the cosine, −1 … 1; with "dot" the inner product; with
   * "euclidean" and "manhattan" the negative distance.
   */
  readonly score: number;
}

type Vectors = Job<object | number, Float32Array>;

const OPTIONS: Names<SearchOptions> = {
  ...{ ...EMBED, topK: true, queryPrompt: true, queryPromptName: true, similarityFnName: true },
};

/**
 * Finds the texts with the most similar vectors for each query, best first. The texts may be vectors made by `embed` with
 * the same settings.
 */
export const search: Pipeline<
  string,
  [texts: readonly string[] | readonly Float32Array[], options?: SearchOptions],
  SearchHit[]
> = {
  options: OPTIONS,
  optionsAt: 1,
  prepare(model, queries, texts, options = {}) {
    const topK = checkCount("search", "topK", options.topK ?? 5);
    const name = options.similarityFnName ?? model.sentences?.similarityFnName ?? "cosine";
    const { prepare, compare } = similarityOf("search", name);
    const asked = embed.prepare(model, checkTexts("search", queries), queryOptions(options));
    const known = isVectors(texts);
    const all = known ? asked : joined(asked, embed.prepare(model, texts, options));
    return job({
      ...all,
      uncounted: queries.length, // progress counts only texts
      finish(found) {
        const embedded = all.finish(found);
        const own = embedded.slice(0, queries.length);
        const vectors = known ? texts : embedded.slice(queries.length);
        checkVectors(vectors, own[0]?.length);
        const prepared = vectors.map(prepare);
        return own.map(prepare).map((query) => {
          const scores = prepared.map((vector) => compare(query, vector));
          return largest(scores, topK).map((index) => ({ index, score: scores[index]! }));
        });
      },
    });
  },
};

/** Merges two jobs; the result has the results of both. */
function joined(first: Vectors, second: Vectors): Vectors {
  const count = first.sequences.length;
  return {
    sequences: [...first.sequences, ...second.sequences],
    read(states, places) {
      const isFirst = places.map(({ index }) => index < count);
      const own = places.filter((_, i) => isFirst[i]);
      const others = places.filter((_, i) => !isFirst[i]).map(({ row, index }) => ({ row, index: index - count }));
      const made = [
        own.length > 0 ? first.read(states, own) : [],
        others.length > 0 ? second.read(states, others) : [],
      ];
      const next = [0, 0];
      return isFirst.map((mine) => made[mine ? 0 : 1]![next[mine ? 0 : 1]!++]!);
    },
    finish: (found) => [...first.finish(found.slice(0, count)), ...second.finish(found.slice(count))],
  };
}

/** The options for embedding queries. */
function queryOptions(options: SearchOptions): EmbedOptions {
  const { where, queryPrompt, queryPromptName, ...rest } = options;
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
