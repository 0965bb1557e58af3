import { type DropoutDraw, dropout } from "../ops/dropout.js";
import { dropoutStream } from "../random/streams.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ParameterScope } from "./parameters.js";
import { trainingStep } from "./training.js";

/** One place in a model where numbers are dropped in training. */
export class Dropout {
  private readonly rate: number;
  private readonly site: number;

  constructor(params: ParameterScope, rate: number) {
    this.rate = rate;
    this.site = params.store.nextDropoutSite();
  }

  /** What this place draws in the step that runs; nothing outside training. */
  draw(): DropoutDraw | undefined {
    const now = trainingStep();
    if (!now || this.rate === 0) return undefined;
    const { seed, step, microBatch = 0 } = now;
    return { rate: this.rate, seed, step, stream: dropoutStream(this.site, microBatch) };
  }

  /** `x` with some numbers dropped, in training; else `x`. */
  forward(x: Tensor): Tensor {
    return dropout(x, this.draw());
  }
}
