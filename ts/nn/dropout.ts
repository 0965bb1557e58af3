import { type DropoutDraw, dropout } from "../ops/dropout.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ParameterScope } from "./parameters.js";
import { trainingStep } from "./training.js";

/** One place in a model where numbers are dropped in training. */
export class Dropout {
  private readonly rate: number;
  private readonly stream: number;

  constructor(scope: ParameterScope, rate: number) {
    this.rate = rate;
    this.stream = scope.store.nextDropoutStream();
  }

  /** What this place draws in the step that runs; nothing outside training. */
  draw(): DropoutDraw | undefined {
    const now = trainingStep();
    return now && this.rate > 0 ? { rate: this.rate, stream: this.stream, ...now } : undefined;
  }

  /** `x` with some numbers dropped, in training; else `x`. */
  forward(x: Tensor): Tensor {
    return dropout(x, this.draw());
  }
}
