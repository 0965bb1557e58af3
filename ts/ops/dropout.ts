import { record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { checkOptions, type Names } from "../options.js";
import { seedWords } from "../random/philox.js";
import { empty, type Tensor } from "../tensor/tensor.js";

/** Which numbers a dropout drops: a function of these and of the place alone, so backward draws them again. */
export interface DropoutDraw {
  /** Probability of being dropped, 0 … 1. */
  readonly rate: number;
  /** Seed of the run: a whole number of at most 53 bits. */
  readonly seed: number;
  /** Which dropout of the model: its stream of random numbers. */
  readonly stream: number;
  /** Step of the training run. */
  readonly step: number;
  /**
   * Number of the first row in the whole batch that this one is a part of: the part draws as its rows do there.
   * @default 0
   */
  readonly firstRow?: number | undefined;
}

const DRAW: Names<DropoutDraw> = { rate: true, seed: true, stream: true, step: true, firstRow: true };

/** The six arguments that kernels take for a draw. */
export type DropoutArguments = [
  rate: number,
  seedLow: number,
  seedHigh: number,
  stream: number,
  step: number,
  first: number,
];

/** A draw as kernels take it; none drops nothing. `width`: numbers of a row; attention counts rows, its queries. */
export function dropoutArguments(draw: DropoutDraw | undefined, width: number): DropoutArguments {
  if (!draw) return [0, 0, 0, 0, 0, 0];
  checkOptions("dropout", draw, DRAW);
  return [draw.rate, ...seedWords(draw.seed), draw.stream, draw.step, (draw.firstRow ?? 0) * width];
}

/**
 * `x`, some numbers 0 and the others scaled by 1 / (1 − rate), in its shape, whatever that is; `x` itself without a draw.
 * Errors: ConfigError for a seed that is not a whole number of at most 53 bits.
 */
export function dropout(x: Tensor, draw?: DropoutDraw): Tensor {
  if (draw) checkOptions("dropout", draw, DRAW);
  if (!draw || draw.rate === 0) return x;
  const y = empty(x.shape, "dropout: y");
  const drawn = dropoutArguments(draw, x.size / Math.max(1, x.shape[0] ?? 1));
  engine().dropout(y.slot, x.slot, ...drawn);
  return record(y, [x], [], ([dy], d) => {
    const dx = empty(x.shape, "dropout: dx");
    engine().dropout(dx.slot, dy!.slot, ...drawn);
    d.give(0, dx);
  });
}
