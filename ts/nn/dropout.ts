import { type DropoutDraw, dropout } from "../ops/dropout.js";
import { streams } from "../random/streams.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ParameterScope } from "./parameters.js";
import { type RowCounts, trainingStep } from "./training.js";

/** One place in a model where numbers are dropped in training. */
export class Dropout {
  private readonly rate: number;
  private readonly site: number;
  private readonly rows: keyof RowCounts;

  /** `rows`: what the rows of its inputs are. */
  constructor(params: ParameterScope, rate: number, rows: keyof RowCounts = "tokens") {
    this.rate = rate;
    this.rows = rows;
    this.site = params.store.nextDropoutSite();
  }

  /** What this place draws in the step that runs; nothing outside training. */
  draw(): DropoutDraw | undefined {
    const now = trainingStep();
    if (!now || this.rate === 0) return undefined;
    const { seed, step, before } = now;
    return { rate: this.rate, seed, step, stream: streams.dropout + this.site, firstRow: before?.[this.rows] ?? 0 };
  }

  /** `x` with some numbers dropped, in training; else `x`. */
  forward(x: Tensor): Tensor {
    return dropout(x, this.draw());
  }
}
