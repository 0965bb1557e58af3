import type { Model } from "../models/model.js";
import { Snapshot } from "../nn/snapshot.js";

/** What training changes, as it was at the evaluation with the best scores; or the last scores alone if `better` is undefined. */
export class Best<S> {
  private readonly better: ((a: S, b: S) => boolean) | undefined;
  private readonly copy: Snapshot | undefined;
  private scores: S | undefined;

  /** Makes memory for a copy, when what is frozen is. Errors: EngineError where there is none. */
  constructor(model: Model, better: ((a: S, b: S) => boolean) | undefined) {
    this.better = better;
    this.copy = better && new Snapshot(model.store.changing);
  }

  /** Keeps the parameters as they are, if they are the best so far; returns whether they are. */
  note(scores: S): boolean {
    if (this.better && this.scores !== undefined && !this.better(scores, this.scores)) return false;
    this.scores = scores;
    this.copy?.take();
    return true;
  }

  /** Whether parameters are kept, not scores alone. */
  get keepsParameters(): boolean {
    return this.copy !== undefined && this.scores !== undefined;
  }

  /** Makes the best parameters the model's, and returns their scores. */
  restore(): S | undefined {
    if (this.keepsParameters) this.copy?.restore();
    return this.scores;
  }

  /** Gives the copy's memory back. */
  free(): void {
    this.copy?.free();
  }
}
