import type { Model } from "../models/model.js";
import { Snapshot } from "../nn/snapshot.js";

/** Updates after which the decay has come near its value: an average of few steps forgets the first one faster. */
const RISE = 10;

/**
 * The exponential moving average of the parameters that are trained (Polyak & Juditsky 1992): after update n (from 1) it decays by
 * min(decay, (1 + n) / (10 + n)), as TensorFlow's `ExponentialMovingAverage` does.
 */
export class Average {
  /** The average. */
  readonly copy: Snapshot;
  private readonly decay: number;

  /** Begins with the values as they are. Errors: EngineError where there is no memory. */
  constructor(model: Model, decay: number) {
    this.decay = decay;
    this.copy = new Snapshot(model.store.parameters.filter(({ requiresGrad }) => requiresGrad));
    this.copy.take();
  }

  /** Takes the values after update `n`, from 1, into account. */
  update(n: number): void {
    this.copy.average(Math.min(this.decay, (1 + n) / (RISE + n)));
  }

  /** Makes the average the model's values; a second call makes the model's own ones these again. */
  swap(): void {
    this.copy.swap();
  }

  /** Gives the memory back. */
  free(): void {
    this.copy.free();
  }
}
