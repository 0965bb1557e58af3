import { ConfigError } from "../errors.js";
import type { RoFormer } from "../models/roformer.js";
import { firstStates } from "../nn/pooler.js";
import { gatherRows } from "../ops/embedding.js";
import { meanRows } from "../ops/reduce.js";
import { integers, type Tensor } from "../tensor/tensor.js";
import {
  type BatchStates,
  checkTexts,
  encodeTexts,
  needed,
  type PipelineOptions,
  readFinite,
  runBatches,
} from "./batches.js";

/**
 * A way to make one vector of a text: "mean" of all tokens' last states, the first token's ("cls"), the "last" token's, or what
 * the "pooler" of a base model makes of the first one's.
 */
export type Pooling = "mean" | "cls" | "last" | "pooler";

/** Ways to make one vector of a text's hidden states. */
const poolings = {
  /** The mean of all tokens' states. */
  mean: ({ hidden, batch }: BatchStates): Tensor => meanRows(hidden, batch.offsets),
  /** The first token's. */
  cls: ({ hidden, batch }: BatchStates): Tensor => firstStates(hidden, batch),
  /** The last token's. */
  last: ({ hidden, batch }: BatchStates): Tensor => gatherRows(hidden, integers(batch.lastTokens())),
  /** What the pooler of a base model makes of the first token's. */
  pooler: ({ head }: BatchStates): Tensor => {
    const { poolerOutput } = head();
    if (!poolerOutput) throw new ConfigError('embed: the model has no pooler: load one that has, with head "base"');
    return poolerOutput;
  },
} satisfies Record<Pooling, (states: BatchStates) => Tensor>;

/** The ways by name. */
export const POOLINGS = Object.keys(poolings) as Pooling[];

/** Settings of `embed`. */
export interface EmbedOptions extends PipelineOptions {
  /** What the model's files say (`1_Pooling/config.json`), else "mean", unless given. */
  readonly pooling?: Pooling;
  /**
   * Whether vectors are scaled to length 1, so that their inner product is their cosine: as the model's files say, else not.
   */
  readonly normalize?: boolean;
}

/** A vector a text, `[C]`, in the order of the texts. */
export async function embed(model: RoFormer, texts: readonly string[], options: EmbedOptions): Promise<Float32Array[]> {
  needed("embed", model);
  const { sentences } = model;
  const { pooling = sentences?.pooling ?? "mean", normalize = sentences?.normalize ?? false } = options;
  if (!Object.hasOwn(poolings, pooling))
    throw new ConfigError(`embed: pooling is ${JSON.stringify(pooling)}, not one of ${POOLINGS.join(", ")}`);
  const maxLength = options.maxLength ?? sentences?.maxLength;
  const sequences = encodeTexts("embed", model, checkTexts("embed", texts), { maxLength });
  return runBatches("embed", model, sequences, options, (states, chosen) => {
    const vectors = readFinite(poolings[pooling](states));
    const width = vectors.length / chosen.length;
    const rows = chosen.map((_, row) => vectors.slice(row * width, (row + 1) * width));
    return normalize ? rows.map(normalized) : rows;
  });
}

/** `vector` scaled to length 1, in place; 0 stays. */
export function normalized(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! / (length || 1);
  return vector;
}
