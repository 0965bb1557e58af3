import type { Model } from "../models/model.js";

/** The parameters and random features of the evaluation with the best scores, or the last scores if `better` is undefined. */
export class Best<S> {
  private readonly model: Model;
  private readonly better: ((a: S, b: S) => boolean) | undefined;
  private scores: S | undefined;
  private values: Float32Array[] = [];

  constructor(model: Model, better: ((a: S, b: S) => boolean) | undefined) {
    [this.model, this.better] = [model, better];
  }

  /** Keeps the parameters as they are, if they are the best so far. */
  note(scores: S): void {
    if (this.better && this.scores !== undefined && !this.better(scores, this.scores)) return;
    this.scores = scores;
    if (this.better) this.values = this.model.store.saved.map((parameter) => parameter.read());
  }

  /** Makes the best parameters the model's, and returns their scores. */
  restore(): S | undefined {
    if (this.better) for (const [i, values] of this.values.entries()) this.model.store.saved[i]!.write(values);
    return this.scores;
  }
}
