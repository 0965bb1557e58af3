import { record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import { type AttentionBatch, type AttentionBatchOptions, BATCH, batchOf, checkBias } from "./attentionBatch.js";
import { type DropoutDraw, dropoutArguments } from "./dropout.js";

/** Settings of one call of {@link attention} with a batch that was described before. */
export interface BatchAttentionOptions {
  /** The batch: {@link attentionBatch}. */
  readonly batch: AttentionBatch;
  /** Added to the scores, of the shape that the batch was described with. It has a gradient. */
  readonly bias?: Tensor | undefined;
  /** Dropout of the probabilities. Default: none. */
  readonly dropout?: DropoutDraw | undefined;
}

/** Settings of {@link attention} with a batch that is described for this call alone. */
export interface AttentionOptions extends AttentionBatchOptions {
  /** Added to the scores, by numbers of query and key in their sequences: `[1 or H, ≥ T, ≥ S]`. It has a gradient. */
  readonly bias?: Tensor | undefined;
  /** Dropout of the probabilities. Default: none. */
  readonly dropout?: DropoutDraw | undefined;
}

type Options = Partial<AttentionOptions & BatchAttentionOptions>;

const OPTIONS: Names<Options> = { ...BATCH, batch: true, dropout: true };

/**
 * softmax(q kᵀ / √D + biases) v by sequence and head (RoFormer, eq. 2): `q` `[N, C]`, `k` and `v` `[S, C]`, C = heads · D;
 * gives `[N, C]`. The scores are never in memory as a whole. A query that sees no key gives 0. Errors: ShapeError for sizes
 * that do not fit, EngineError for a batch that was freed or cannot be, or for `slopes` that have a gradient.
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions | BatchAttentionOptions): Tensor {
  checkOptions<Options>("attention", options, OPTIONS);
  const [N, C] = q.dims("attention: q", "N", "C") as [number, number];
  checkKeys(k, v, C);
  const { dropout, ...described }: Options = options;
  const { bias } = described;
  const batch = batchOf("attention", described);
  const { heads } = batch;
  if (C % heads !== 0) throw new ShapeError("attention: width of q", C, `a multiple of ${heads} heads`);
  if (bias) checkBias(bias, heads, batch.biasSizes);
  const [y, lse] = [empty([N, C], "attention: y"), empty([N, heads], "attention: lse")];
  const args = () => [bias?.slot ?? 0, batch.slot, C / heads, ...dropoutArguments(dropout, 1)] as const;
  engine().attention(y.slot, lse.slot, q.slot, k.slot, v.slot, ...args());
  const inputs = bias ? [q, k, v, bias] : [q, k, v];
  return record(y, inputs, [...inputs, y, lse, batch], ([dy], d) => {
    const dq = empty(q.shape, "attention: dq");
    const [dk, dv] = [empty(k.shape, "attention: dk"), empty(v.shape, "attention: dv")];
    const dbias = bias && d.needs(3) ? empty(bias.shape, "attention: dbias") : undefined;
    const outputs = [dq.slot, dk.slot, dv.slot, dbias?.slot ?? 0] as const;
    const given = [dy!.slot, y.slot, lse.slot, q.slot, k.slot, v.slot] as const;
    engine().attention_backward(...outputs, ...given, ...args());
    for (const [i, dx] of [dq, dk, dv, dbias].entries()) if (dx) d.give(i, dx);
  });
}

function checkKeys(k: Tensor, v: Tensor, C: number): void {
  for (const [name, x] of Object.entries({ k, v })) {
    if (x.shape[1] !== C || x.shape[0] !== k.shape[0])
      throw new ShapeError(`attention: ${name}`, [...x.shape], `[S, ${C}]`);
  }
}
