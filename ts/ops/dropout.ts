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
}

const DRAW: Names<DropoutDraw> = { rate: true, seed: true, stream: true, step: true };

/** The five arguments that kernels take for a draw. */
export type DropoutArguments = [rate: number, seedLow: number, seedHigh: number, stream: number, step: number];

/** A draw as kernels take it; none drops nothing. */
export function dropoutArguments(draw?: DropoutDraw): DropoutArguments {
  if (!draw) return [0, 0, 0, 0, 0];
  checkOptions("dropout", draw, DRAW);
  return [draw.rate, ...seedWords(draw.seed), draw.stream, draw.step];
}

/**
 * `x`, some numbers 0 and the others scaled by 1 / (1 − rate), in its shape, whatever that is; `x` itself without a draw.
 * Errors: ConfigError for a seed that is no whole number of at most 53 bits.
 */
export function dropout(x: Tensor, draw?: DropoutDraw): Tensor {
  if (draw) checkOptions("dropout", draw, DRAW);
  if (!draw || draw.rate === 0) return x;
  const y = empty(x.shape, "dropout: y");
  engine().dropout(y.slot, x.slot, ...dropoutArguments(draw));
  return record(y, [x], [], ([dy], d) => {
    const dx = empty(x.shape, "dropout: dx");
    engine().dropout(dx.slot, dy!.slot, ...dropoutArguments(draw));
    d.give(0, dx);
  });
}
