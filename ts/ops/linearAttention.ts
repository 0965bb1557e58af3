import { record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { ConfigError, ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { noScope, scope } from "../tensor/scope.js";
import { empty, type Tensor, tensor, zeros } from "../tensor/tensor.js";
import { type AttentionBatch, batchOf } from "./attentionBatch.js";

/** Always added to denominators. */
export const DENOMINATOR_EPSILON = 1e-6;

/** Features of queries and keys, `[N, H · M]` and `[S, H · M]`, and values, `[S, H · D]`. */
export interface LinearFactors {
  /** Of the queries, in the numerators, `[N, H · M]`: may be turned. */
  readonly a: Tensor;
  /** Of the keys, in the numerators, `[S, H · M]`: may be turned. */
  readonly b: Tensor;
  /**
   * Of the queries, in the denominators, `[N, H · M]`.
   * @default `a`
   */
  readonly p?: Tensor | undefined;
  /**
   * Of the keys, in the denominators, `[S, H · M]`.
   * @default `b`
   */
  readonly r?: Tensor | undefined;
  /** The values, `[S, H · D]`. */
  readonly v: Tensor;
}

/** Settings of one call of {@link linearAttention} with a batch that was described before. */
export interface BatchLinearAttentionOptions {
  /** The batch: {@link attentionBatch}. It has nothing that scores alone can have: no `window`, `prefix`, `bias`, `slopes`. */
  readonly batch: AttentionBatch;
  /** Logarithms of what the features of each part of 128 keys are divided by, `[parts, H]`; causal only. */
  readonly levels?: Tensor | undefined;
  /** What is added to the denominators, `[N · H]`. Default: 10⁻⁶. */
  readonly epsilons?: Tensor | undefined;
}

/** Settings of {@link linearAttention} with a batch that is described for this call alone. */
export interface LinearAttentionOptions extends Omit<BatchLinearAttentionOptions, "batch"> {
  /** Number of heads, H. */
  readonly heads: number;
  /** Where the queries' sequences begin and end: `[B + 1]`, integers. */
  readonly queryOffsets: Tensor;
  /** The same for keys and values, if they are other sequences. */
  readonly keyOffsets?: Tensor | undefined;
  /** A query meets no later key. */
  readonly causal?: boolean | undefined;
}

const FACTORS: Names<LinearFactors> = { a: true, b: true, p: true, r: true, v: true };

type Options = Partial<LinearAttentionOptions & BatchLinearAttentionOptions>;

const OPTIONS: Names<Options> = {
  ...{ heads: true, queryOffsets: true, keyOffsets: true, causal: true, batch: true, levels: true, epsilons: true },
};

/**
 * Σⱼ (aᵢ · bⱼ) vⱼ / (Σⱼ (pᵢ · rⱼ) + ε) by sequence and head, over j ≤ i if causal: `[N, H · D]` (RoFormer, eq. 18 and 19). Time
 * and memory grow with the length, not with its square. Errors: ShapeError for sizes that do not fit, ConfigError for another
 * number of `epsilons`, EngineError for a batch that was freed or cannot be.
 */
export function linearAttention(
  factors: LinearFactors,
  options: LinearAttentionOptions | BatchLinearAttentionOptions,
): Tensor {
  checkOptions("linearAttention", factors, FACTORS, "factor");
  checkOptions<Options>("linearAttention", options, OPTIONS);
  const { a, b, p = a, r = b, v } = factors;
  const { epsilons, levels, ...described }: Options = options;
  check(factors, described.batch?.heads ?? described.heads!);
  const batch = batchOf("linearAttention", described);
  const { heads } = batch;
  const sums = linearSums(a, b, v, batch, levels);
  const [S] = v.shape as [number];
  const ones = tensor(new Float32Array(S * heads).fill(1), [S, heads]);
  const denominators = linearSums(p, r, ones, batch, levels);
  return normalise(sums, denominators, epsilons ?? tensor([DENOMINATOR_EPSILON]), v.shape[1]! / heads);
}

/** What a recurrence keeps of all tokens so far: as large for any number of them. It is freed by its owner. */
export class LinearState {
  /** Σ b vᵀ, `[R, M, D]` for R sequences and heads. */
  readonly state: Tensor;
  /** Σ r, `[R, M]`. */
  readonly sums: Tensor;
  /** Logarithms of what features are divided by, `[R]`. */
  readonly levels: Float32Array;

  /** A state of no tokens yet, for `rows` R = B · H, `features` M and `width` D of a head. */
  constructor(rows: number, features: number, width: number) {
    [this.state, this.sums] = noScope(() =>
      scope(() => [zeros([rows, features, width]), zeros([rows, features])] as const),
    );
    this.levels = new Float32Array(rows).fill(Number.NEGATIVE_INFINITY);
  }

  /** Gives the memory back. */
  free(): void {
    this.state.free();
    this.sums.free();
  }
}

/**
 * One token more for each sequence, `[B, …]`: what {@link linearAttention} gives it with `causal`, by a state in the place of
 * all tokens before, which it changes: `[B, H · D]`. `rescale`, `[B · H]`, multiplies the state first. Without gradients.
 */
export function linearStep(factors: LinearFactors, state: LinearState, rescale: Tensor): Tensor {
  checkOptions("linearStep", factors, FACTORS, "factor");
  const { a, b, p = a, r = b, v } = factors;
  const [, features, width] = state.state.shape as [number, number, number];
  const out = empty(v.shape, "linearStep: out");
  const given = [a.slot, b.slot, p.slot, r.slot, v.slot, rescale.slot] as const;
  engine().linear_step(state.state.slot, state.sums.slot, out.slot, ...given, features, width, DENOMINATOR_EPSILON);
  return out;
}

function check({ a, b, p = a, r = b, v }: LinearFactors, heads: number): void {
  if (!Number.isInteger(heads) || heads < 1)
    throw new ShapeError("linearAttention: heads", heads, "a whole number from 1");
  const [, width] = a.dims("linearAttention: a", "N", "H · M") as [number, number];
  for (const [name, x] of Object.entries({ a, b, p, r, v })) {
    const own = x.dims(`linearAttention: ${name}`, "rows", "width") as [number, number];
    if (own[1] % heads !== 0)
      throw new ShapeError(`linearAttention: width of ${name}`, own[1], `a multiple of ${heads}`);
    if (name !== "v" && own[1] !== width)
      throw new ShapeError(`linearAttention: width of ${name}`, own[1], `${width}, as a`);
  }
  if (p.shape[0] !== a.shape[0])
    throw new ShapeError("linearAttention: p", [...p.shape], `[${a.shape.join(", ")}], as a`);
  for (const [name, x] of Object.entries({ r, v })) {
    if (x.shape[0] !== b.shape[0])
      throw new ShapeError(`linearAttention: rows of ${name}`, x.shape[0], `${b.shape[0]}, as b has`);
  }
}

/** Σⱼ (aᵢ · bⱼ) vⱼ, `[N, H · D]`. */
function linearSums(a: Tensor, b: Tensor, v: Tensor, batch: AttentionBatch, levels: Tensor | undefined): Tensor {
  const { heads } = batch;
  const args = () => [levels?.slot ?? 0, batch.slot, a.shape[1]! / heads, v.shape[1]! / heads] as const;
  const out = empty([a.shape[0]!, v.shape[1]!], "linearAttention: sums");
  engine().linear_attention(out.slot, a.slot, b.slot, v.slot, ...args());
  const saved = [a, b, v, batch, ...(levels ? [levels] : [])];
  return record(out, [a, b, v], saved, ([dout], d) => {
    const da = empty(a.shape, "linearAttention: da");
    const [db, dv] = [empty(b.shape, "linearAttention: db"), empty(v.shape, "linearAttention: dv")];
    const given = [dout!.slot, a.slot, b.slot, v.slot] as const;
    engine().linear_attention_backward(da.slot, db.slot, dv.slot, ...given, ...args());
    for (const [i, dx] of [da, db, dv].entries()) d.give(i, dx);
  });
}

/** num / (den + ε), head by head: `[N, H · width]` by `[N, H]`. */
function normalise(num: Tensor, den: Tensor, epsilons: Tensor, width: number): Tensor {
  if (epsilons.size !== 1 && epsilons.size !== den.size)
    throw new ConfigError(`linearAttention: epsilons has ${epsilons.size} numbers, not 1 or ${den.size}`);
  const out = empty(num.shape, "linearAttention: out");
  engine().normalise(out.slot, num.slot, den.slot, epsilons.slot, width);
  return record(out, [num, den], [out, den, epsilons], ([dout], d) => {
    const [dnum, dden] = [empty(num.shape, "linearAttention: dnum"), empty(den.shape, "linearAttention: dden")];
    engine().normalise_backward(dnum.slot, dden.slot, dout!.slot, out.slot, den.slot, epsilons.slot, width);
    d.give(0, dnum);
    d.give(1, dden);
  });
}
