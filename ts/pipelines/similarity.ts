import { ConfigError } from "../errors.js";
import { unit } from "../models/sentences/norms.js";

/** A similarity function. */
export type SimilarityFnName = "cosine" | "dot" | "euclidean" | "manhattan";

/** Prepares a vector once, and compares two prepared ones: more similar vectors give a larger number. */
interface Similarity {
  readonly prepare: (vector: Float32Array) => ArrayLike<number>;
  readonly compare: (a: ArrayLike<number>, b: ArrayLike<number>) => number;
}

const asItIs = (vector: Float32Array): Float32Array => vector;

/** Σ term(aᵢ, bᵢ). */
function sum(a: ArrayLike<number>, b: ArrayLike<number>, term: (x: number, y: number) => number): number {
  let all = 0;
  for (let i = 0; i < a.length; i++) all += term(a[i]!, b[i]!);
  return all;
}

const inner: Similarity["compare"] = (a, b) => sum(a, b, (x, y) => x * y);

/** sentence-transformers' similarities: distances are negative. */
const similarities: Readonly<Record<SimilarityFnName, Similarity>> = {
  cosine: { prepare: (vector) => unit(Float64Array.from(vector)), compare: inner },
  dot: { prepare: asItIs, compare: inner },
  euclidean: { prepare: asItIs, compare: (a, b) => -Math.sqrt(sum(a, b, (x, y) => (x - y) ** 2)) },
  manhattan: { prepare: asItIs, compare: (a, b) => -sum(a, b, (x, y) => Math.abs(x - y)) },
};

/** The similarity functions by name. */
export const SIMILARITIES = Object.keys(similarities) as SimilarityFnName[];

/** A similarity function by name. Errors: ConfigError for an unknown name. */
export function similarityOf(what: string, name: string): Similarity {
  if (Object.hasOwn(similarities, name)) return similarities[name as SimilarityFnName];
  throw new ConfigError(`${what}: similarityFnName is ${JSON.stringify(name)}, not one of ${SIMILARITIES.join(", ")}`);
}
