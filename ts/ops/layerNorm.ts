import { type Backward, isTracked, record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { empty, type Tensor, zeros } from "../tensor/tensor.js";
import { type DropoutDraw, dropoutArguments } from "./dropout.js";

/** Settings of {@link layerNorm}. */
export interface LayerNormOptions {
  /** Added to the variance, inside the root. */
  readonly eps: number;
  /** Added to `x`, after its dropout, before normalising; `[N, C]`. */
  readonly residual?: Tensor | undefined;
  /**
   * Dropout of `x` (not of the residual).
   * @default none
   */
  readonly dropout?: DropoutDraw | undefined;
}

const OPTIONS: Names<LayerNormOptions> = { eps: true, residual: true, dropout: true };

/**
 * Layer normalisation (Ba et al. 2016) of each row of residual + dropout(x), with biased variance: `x` is `[N, C]`, `weight`
 * and `bias` are `[C]`; gives `[N, C]`. Errors: ShapeError for sizes that do not fit.
 */
export function layerNorm(x: Tensor, weight: Tensor, bias: Tensor, options: LayerNormOptions): Tensor {
  checkOptions("layerNorm", options, OPTIONS);
  const { eps, residual, dropout } = options;
  const [N, C] = x.dims("layerNorm: x", "N", "C") as [number, number];
  for (const [name, { size, shape }] of Object.entries({ weight, bias })) {
    if (size !== C) throw new ShapeError(`layerNorm: ${name}`, [...shape], `[C] = [${C}]`);
  }
  if (residual && residual.size !== x.size)
    throw new ShapeError("layerNorm: residual", [...residual.shape], `[${N}, ${C}]`);
  const tracked = isTracked(x, weight, bias, ...(residual ? [residual] : []));
  const draw = dropoutArguments(dropout, C);
  const [y, stats] = [empty([N, C], "layerNorm: y"), empty([N, 2], "layerNorm: stats")];
  const sum = tracked && (residual || dropout) ? empty([N, C], "layerNorm: sum") : undefined;
  const parameters = [weight.slot, bias.slot, C, eps] as const;
  engine().layer_norm(y.slot, sum?.slot ?? 0, stats.slot, x.slot, residual?.slot ?? 0, ...parameters, ...draw);
  const s = sum ?? x;
  const inputs = residual ? [x, weight, bias, residual] : [x, weight, bias];
  const backward: Backward = ([dy], d) => {
    const dx = empty([N, C], "layerNorm: dx");
    const dresidual = residual && dropout && d.needs(3) ? empty([N, C], "layerNorm: dresidual") : undefined;
    const [dweight, dbias] = [zeros([C]), zeros([C])];
    const outputs = [dx.slot, dresidual?.slot ?? 0, dweight.slot, dbias.slot] as const;
    engine().layer_norm_backward(...outputs, dy!.slot, s.slot, stats.slot, weight.slot, C, ...draw);
    // Without dropout the residual's gradient is that of x, number for number.
    d.give(0, dx, residual && !dresidual);
    if (residual) d.give(3, dresidual ?? dx, !dresidual);
    d.give(1, dweight);
    d.give(2, dbias);
  };
  // The sum is at hand: normalising it again is one pass.
  const rebuild = (again: Tensor) =>
    engine().layer_norm(again.slot, 0, stats.slot, s.slot, 0, ...parameters, ...dropoutArguments(undefined, C));
  return record(y, inputs, [s, stats, weight, bias], backward, rebuild);
}
