import { isTracked, record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { EngineError, ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { type DropoutDraw, dropoutArguments } from "./dropout.js";

/**
 * Settings of {@link attention}. A query's place is its number i in its sequence; with `causal` i + S − T, so that the ends of
 * queries and keys meet.
 */
export interface AttentionOptions {
  /** Number of heads, H; the width C of queries, keys and values is a multiple of it. */
  readonly heads: number;
  /** Where the queries' sequences begin and end: `[B + 1]`, integers. */
  readonly queryOffsets: Tensor;
  /** The same for keys and values, if they are other sequences. */
  readonly keyOffsets?: Tensor | undefined;
  /** A query sees no key behind its place. */
  readonly causal?: boolean | undefined;
  /** A query sees keys at most so far from its place: a whole number from 1. */
  readonly window?: number | undefined;
  /** How many keys of each sequence are never too late for `causal`, which this implies: `[B]`, integers (UniLM). */
  readonly prefix?: Tensor | undefined;
  /** Added to the scores, by numbers of query and key in their sequences: `[1 or H, ≥ T, ≥ S]`. It has a gradient. */
  readonly bias?: Tensor | undefined;
  /** −slope · |distance of positions| is added to the scores: `[H]` (ALiBi, Press et al. 2022). */
  readonly slopes?: Tensor | undefined;
  /** Positions of the queries, which `slopes` needs: `[N]`, integers. */
  readonly queryPositions?: Tensor | undefined;
  /** The same of keys, `[S]`, if they are other sequences. */
  readonly keyPositions?: Tensor | undefined;
  /**
   * Dropout of the probabilities.
   * @default none
   */
  readonly dropout?: DropoutDraw | undefined;
}

const OPTIONS: Names<AttentionOptions> = {
  ...{ heads: true, queryOffsets: true, keyOffsets: true, causal: true, window: true, prefix: true },
  ...{ bias: true, slopes: true, queryPositions: true, keyPositions: true, dropout: true },
};

/**
 * softmax(q kᵀ / √D + biases) v by sequence and head (RoFormer, eq. 2): `q` `[N, C]`, `k` and `v` `[S, C]`, C = heads · D;
 * gives `[N, C]`. The scores are never in memory as a whole. A query that sees no key gives 0. Errors: ShapeError for sizes
 * that do not fit, EngineError for `slopes` that have a gradient.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Tensor {
  checkOptions("attention", options, OPTIONS);
  const [N, C] = q.dims("attention: q", "N", "C") as [number, number];
  const { heads, bias } = options;
  check(k, v, C, options);
  const [y, lse] = [empty([N, C], "attention: y"), empty([N, heads], "attention: lse")];
  engine().attention(y.slot, lse.slot, q.slot, k.slot, v.slot, ...told(options, C));
  const inputs = bias ? [q, k, v, bias] : [q, k, v];
  return record(y, inputs, [q, k, v, y, lse, ...read(options)], ([dy], d) => {
    const dq = empty(q.shape, "attention: dq");
    const [dk, dv] = [empty(k.shape, "attention: dk"), empty(v.shape, "attention: dv")];
    const dbias = bias && d.needs(3) ? empty(bias.shape, "attention: dbias") : undefined;
    const outputs = [dq.slot, dk.slot, dv.slot, dbias?.slot ?? 0] as const;
    const given = [dy!.slot, y.slot, lse.slot, q.slot, k.slot, v.slot] as const;
    engine().attention_backward(...outputs, ...given, ...told(options, C));
    for (const [i, dx] of [dq, dk, dv, dbias].entries()) if (dx) d.give(i, dx);
  });
}

function check(k: Tensor, v: Tensor, C: number, options: AttentionOptions): void {
  const { heads, bias, slopes, queryPositions, window } = options;
  for (const [name, x] of Object.entries({ k, v })) {
    if (x.shape[1] !== C || x.shape[0] !== k.shape[0])
      throw new ShapeError(`attention: ${name}`, [...x.shape], `[S, ${C}]`);
  }
  if (window !== undefined && !(Number.isInteger(window) && window >= 1 && window < 2 ** 31))
    throw new ShapeError("attention: window", window, "a whole number from 1");
  if (!Number.isInteger(heads) || heads < 1) throw new ShapeError("attention: heads", heads, "a whole number from 1");
  if (C % heads !== 0) throw new ShapeError("attention: width of q", C, `a multiple of ${heads} heads`);
  if (bias && (bias.shape.length !== 3 || ![1, heads].includes(bias.shape[0]!)))
    throw new ShapeError("attention: bias", [...bias.shape], `[1 or ${heads}, T, S]`);
  if (slopes && !queryPositions) throw new ShapeError("attention: queryPositions", "missing", "[N], to go with slopes");
  if (slopes && isTracked(slopes)) throw new EngineError("attention: slopes have no gradient");
}

/** What the kernels read besides queries, keys and values. */
function read(options: AttentionOptions): Tensor[] {
  const { queryOffsets, keyOffsets, prefix, bias, slopes, queryPositions, keyPositions } = options;
  const all = [queryOffsets, keyOffsets, prefix, bias, slopes, queryPositions, keyPositions];
  return all.filter((x) => x !== undefined);
}

/** The arguments with which both kernels end. */
function told(options: AttentionOptions, C: number) {
  const { heads, queryOffsets, keyOffsets = queryOffsets, window = 0, prefix, bias, slopes, dropout } = options;
  const { queryPositions, keyPositions = queryPositions, causal = prefix !== undefined } = options;
  const [, rows = 0, columns = 0] = bias?.shape ?? [];
  const slot = (x: Tensor | undefined) => x?.slot ?? 0;
  return [
    ...([queryOffsets.slot, keyOffsets.slot, heads, C / heads, causal, window, slot(prefix)] as const),
    ...([slot(bias), rows, columns, slot(slopes), slot(queryPositions), slot(keyPositions)] as const),
    ...dropoutArguments(dropout),
  ] as const;
}
