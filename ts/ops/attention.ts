import { record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { ShapeError } from "../errors.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { type DropoutDraw, dropoutArguments } from "./dropout.js";

/** Settings of {@link attention}. */
export interface AttentionOptions {
  readonly heads: number;
  /** Where the queries' sequences begin and end: `[B + 1]`, integers. */
  readonly queryOffsets: Tensor;
  /** The same for keys and values, if they are other sequences. */
  readonly keyOffsets?: Tensor;
  /** A query sees no later key; with unequal lengths the ends are aligned. */
  readonly causal?: boolean;
  /** A query sees keys at most so far away. */
  readonly window?: number;
  /** Dropout of the probabilities. */
  readonly dropout?: DropoutDraw;
}

/**
 * softmax(q kᵀ / √D) v by sequence and head: `q` `[N, C]`, `k` and `v` `[S, C]`, C = heads · D; gives `[N, C]`. The scores are
 * never in memory as a whole. A query that sees no key gives 0.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Tensor {
  const { heads, queryOffsets, keyOffsets = queryOffsets, causal = false, window = 0, dropout } = options;
  const [N, C] = q.dims("attention: q", "N", "C") as [number, number];
  for (const [name, x] of [
    ["k", k],
    ["v", v],
  ] as const) {
    if (x.shape[1] !== C || x.shape[0] !== k.shape[0])
      throw new ShapeError(`attention: ${name}`, [...x.shape], `[S, ${C}]`);
  }
  if (C % heads !== 0) throw new ShapeError("attention: width of q", C, `a multiple of ${heads} heads`);
  const rest = [heads, C / heads, causal, window, ...dropoutArguments(dropout)] as const;
  const [inputs, offsets] = [[q.slot, k.slot, v.slot] as const, [queryOffsets.slot, keyOffsets.slot] as const];
  const y = empty([N, C]);
  const lse = empty([N, heads]);
  engine().attention(y.slot, lse.slot, ...inputs, ...offsets, ...rest);
  return record(y, [q, k, v], [q, k, v, y, lse, queryOffsets, keyOffsets], ([dy], d) => {
    const [dq, dk, dv] = [empty(q.shape), empty(k.shape), empty(v.shape)];
    const outputs = [dq.slot, dk.slot, dv.slot] as const;
    engine().attention_backward(
      ...outputs,
      dy!.slot,
      y.slot,
      lse.slot,
      q.slot,
      k.slot,
      v.slot,
      queryOffsets.slot,
      keyOffsets.slot,
      ...rest,
    );
    d.give(0, dq);
    d.give(1, dk);
    d.give(2, dv);
  });
}
