import { ConfigError } from "../../errors.js";
import type { Features, Rows, SentenceModule } from "./features.js";

/**
 * A way to make one vector of a text's token states:
 *
 * - "cls": the first token's state
 * - "max": the largest of all tokens' numbers, one by one
 * - "mean": the mean of all tokens' states
 * - "mean_sqrt_len_tokens": their sum, divided by the square root of their number
 * - "weightedmean": their mean, in which token t (from 1) counts t times
 * - "lasttoken", or "last": the last token's state
 * - "pooler": what the pooler of a base model makes of the first token's state
 */
export type Pooling =
  | "cls"
  | "max"
  | "mean"
  | "mean_sqrt_len_tokens"
  | "weightedmean"
  | "lasttoken"
  | "last"
  | "pooler";

/** The states of T tokens from `first` on: earlier ones belong to a prompt that is left out. */
interface Tokens extends Rows {
  readonly first: number;
  readonly pooler: Features["pooler"];
}

const count = ({ data, width }: Rows): number => data.length / width;

/** One token's state; 0 where there is none. */
const token = ({ data, width }: Rows, t: number): Float64Array =>
  Float64Array.from({ length: width }, (_, i) => data[t * width + i] ?? 0);

/** Σ weight(t) state(t). */
function weighted(tokens: Tokens, weight: (t: number) => number): Float64Array {
  const { data, width, first } = tokens;
  const sum = new Float64Array(width);
  for (let t = first; t < count(tokens); t++) {
    const w = weight(t);
    for (let i = 0; i < width; i++) sum[i]! += w * data[t * width + i]!;
  }
  return sum;
}

function largest(tokens: Tokens): Float64Array {
  const { data, width, first } = tokens;
  if (first >= count(tokens))
    throw new ConfigError('pooling "max": the prompt fills the whole text, and the model leaves its tokens out');
  const top = new Float64Array(width).fill(Number.NEGATIVE_INFINITY);
  for (let t = first; t < count(tokens); t++)
    for (let i = 0; i < width; i++) top[i] = Math.max(top[i]!, data[t * width + i]!);
  return top;
}

const divided = (sum: Float64Array, by: number): Float64Array => sum.map((x) => x / Math.max(by, 1e-9));

const lastToken = (tokens: Tokens): Float64Array => {
  const last = count(tokens) - 1;
  return token(tokens, last < tokens.first ? -1 : last);
};

/** A text whose tokens are all the prompt's gives what sentence-transformers gives: 0, or for "cls" its first token. */
const poolings: Readonly<Record<Pooling, (tokens: Tokens) => Float64Array>> = {
  cls: (tokens) => token(tokens, tokens.first < count(tokens) ? tokens.first : 0),
  max: largest,
  mean: (tokens) =>
    divided(
      weighted(tokens, () => 1),
      count(tokens) - tokens.first,
    ),
  mean_sqrt_len_tokens: (tokens) =>
    divided(
      weighted(tokens, () => 1),
      Math.sqrt(Math.max(0, count(tokens) - tokens.first)),
    ),
  // Weights count from the text's first token, whether or not a prompt is left out.
  weightedmean: (tokens) => {
    const [all, before] = [count(tokens), Math.min(tokens.first, count(tokens))];
    return divided(
      weighted(tokens, (t) => t + 1),
      (all * (all + 1) - before * (before + 1)) / 2,
    );
  },
  lasttoken: lastToken,
  last: lastToken,
  pooler: ({ pooler }) => Float64Array.from(pooler().data),
};

/** The ways by name. */
export const POOLINGS = Object.keys(poolings) as Pooling[];

/** Whether a value is the name of a way. */
export const isPooling = (value: unknown): value is Pooling =>
  typeof value === "string" && Object.hasOwn(poolings, value);

/** The module that makes a text's vector; what several modes give stands end to end, in their order. */
export const pooling = (modes: readonly Pooling[], includePrompt = true): PoolingModule => ({
  name: "Pooling",
  makesVector: true,
  modes,
  includePrompt,
  apply(features) {
    const { token_embeddings, promptLength, pooler } = features;
    const tokens = { ...token_embeddings, first: includePrompt ? 0 : promptLength, pooler };
    const data = modes.flatMap((mode) => [...poolings[mode](tokens)]);
    features.sentence_embedding = { data, width: data.length };
  },
});

/** A {@link pooling}. */
export interface PoolingModule extends SentenceModule {
  readonly modes: readonly Pooling[];
  readonly includePrompt: boolean;
}
