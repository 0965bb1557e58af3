import { isTracked } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { ConfigError, EngineError, ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { track } from "../tensor/scope.js";
import { Tensor } from "../tensor/tensor.js";

/**
 * What describes a batch of {@link attention} and {@link linearAttention}. A query's place is its number i in its sequence; with
 * `causal` i + S − T, so that the ends of queries and keys meet.
 */
export interface AttentionBatchOptions {
  /** Number of heads, H; the width C of queries, keys and values is a multiple of it. */
  readonly heads: number;
  /** Where the queries' sequences begin and end: `[B + 1]`, integers. */
  readonly queryOffsets: Tensor;
  /** The same for keys and values, if they are other sequences. */
  readonly keyOffsets?: Tensor | undefined;
  /** A query sees no key behind its place. */
  readonly causal?: boolean | undefined;
  /** A query sees keys at most this far from its place: a whole number from 1. */
  readonly window?: number | undefined;
  /** How many keys of each sequence are never too late for `causal`, which this implies: `[B]`, integers (UniLM). */
  readonly prefix?: Tensor | undefined;
  /** The shape of what is added to the scores, by numbers of query and key in their sequences: `[1 or H, ≥ T, ≥ S]`. */
  readonly bias?: Pick<Tensor, "shape"> | undefined;
  /** −slope · |distance of positions| is added to the scores: `[H]` (ALiBi, Press et al. 2022). */
  readonly slopes?: Tensor | undefined;
  /** Positions of the queries, which `slopes` needs: `[N]`, integers below 2²⁴. */
  readonly queryPositions?: Tensor | undefined;
  /** The same of keys, `[S]`, if they are other sequences. */
  readonly keyPositions?: Tensor | undefined;
}

/** The names of {@link AttentionBatchOptions}. */
export const BATCH: Names<AttentionBatchOptions> = {
  ...{ heads: true, queryOffsets: true, keyOffsets: true, causal: true, window: true, prefix: true, bias: true },
  ...{ slopes: true, queryPositions: true, keyPositions: true },
};

/**
 * A batch described for attention, for any number of calls: who is in which sequence and who sees whom, checked once. It
 * has copies of all that it was made of. It is freed as tensors are, but it has no numbers to `read`.
 */
export class AttentionBatch extends Tensor {
  /** Number of heads, H. */
  readonly heads: number;
  /** The last two sizes of the bias that is added; none without one. */
  readonly biasSizes: readonly number[];

  /** A batch that the engine holds; {@link attentionBatch} makes one. */
  constructor(slot: number, heads: number, biasSizes: readonly number[] = []) {
    super(slot, []);
    this.heads = heads;
    this.biasSizes = biasSizes;
  }
}

/**
 * Describes a batch once for several calls of {@link attention} or {@link linearAttention}: of every layer, forward and
 * backward. Errors: ShapeError for sizes that do not fit, EngineError for offsets, prefixes or positions that cannot be, or
 * `slopes` that have a gradient.
 */
export function attentionBatch(options: AttentionBatchOptions): AttentionBatch {
  checkOptions("attentionBatch", options, BATCH);
  return describe(options);
}

/** The batch of a call: the one given, or the one that its other options describe. Errors: as {@link attentionBatch}. */
export function batchOf(
  where: string,
  { batch, ...options }: Partial<AttentionBatchOptions> & { readonly batch?: AttentionBatch | undefined },
): AttentionBatch {
  if (batch === undefined) return describe(options as AttentionBatchOptions);
  if (!(batch instanceof AttentionBatch)) throw new ConfigError(`${where}: batch is not one that attentionBatch gives`);
  const beside = Object.entries(options).find(([name, value]) => value !== undefined && name !== "bias");
  if (beside) throw new ConfigError(`${where}: ${beside[0]} is given beside batch, which was described without it`);
  return batch;
}

function describe(options: AttentionBatchOptions): AttentionBatch {
  check(options);
  const { heads, queryOffsets, keyOffsets = queryOffsets, window = 0, prefix, bias, slopes } = options;
  const { queryPositions, keyPositions = queryPositions, causal = prefix !== undefined } = options;
  const [, rows = 0, columns = 0] = bias?.shape ?? [];
  const slot = (x: Tensor | undefined) => x?.slot ?? 0;
  const positions = slopes ? ([slot(queryPositions), slot(keyPositions)] as const) : ([0, 0] as const);
  const sequences = [queryOffsets.slot, keyOffsets.slot, slot(prefix), slot(slopes), ...positions] as const;
  const made = engine().attention_batch(...sequences, heads, causal, window, rows, columns);
  return track(new AttentionBatch(made, heads, bias ? [rows, columns] : []));
}

function check({ heads, bias, slopes, queryPositions, window }: AttentionBatchOptions): void {
  if (window !== undefined && !(Number.isInteger(window) && window >= 1 && window < 2 ** 31))
    throw new ShapeError("attention: window", window, "a whole number from 1");
  if (!Number.isInteger(heads) || heads < 1) throw new ShapeError("attention: heads", heads, "a whole number from 1");
  if (bias) checkBias(bias, heads);
  if (slopes && !queryPositions) throw new ShapeError("attention: queryPositions", "missing", "[N], to go with slopes");
  if (slopes && isTracked(slopes)) throw new EngineError("attention: slopes have no gradient");
}

/** Refuses a bias that is not `[1 or H, T, S]`. `sizes`: T and S of a batch that is described already; none without a bias. */
export function checkBias(
  { shape }: Pick<Tensor, "shape">,
  heads: number,
  sizes: readonly (number | string)[] = ["T", "S"],
): void {
  const [H, ...others] = shape as [number, ...number[]];
  const fits = (n: number, i: number) => n === sizes[i] || (typeof sizes[i] === "string" && isSize(n));
  if (others.length === sizes.length && [1, heads].includes(H) && others.every(fits)) return;
  const want = sizes.length === 0 ? "none: the batch was described without" : `[1 or ${heads}, ${sizes.join(", ")}]`;
  throw new ShapeError("attention: bias", [...shape], want);
}

/** Whether it is a size that the engine's 32 bits can hold. */
const isSize = (n: number): boolean => Number.isInteger(n) && n >= 0 && n < 2 ** 31;
