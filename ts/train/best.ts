import type { Model } from "../models/model.js";
import { Snapshot } from "../nn/snapshot.js";

/** What training changes, as it was at the evaluation with the best figures; or the last figures alone if `better` is undefined. */
export class Best {
  private readonly better: ((a: object, b: object) => boolean) | undefined;
  /** The parameters of the best evaluation; undefined where the last ones count. */
  readonly copy: Snapshot | undefined;
  /** The figures of the best evaluation. */
  figures: object | undefined;
  /** The step after which it was made. */
  step: number | undefined;

  /** Makes memory for a copy, when what is frozen is. Errors: EngineError where there is none. */
  constructor(model: Model, better: ((a: object, b: object) => boolean) | undefined) {
    this.better = better;
    this.copy = better && new Snapshot(model.store.changing);
  }

  /** Keeps the parameters as they are, if they are the best so far; returns whether they are. */
  note(figures: object, step: number): boolean {
    // Compared with themselves, the first ones show whether they can be compared at all.
    const isBetter = this.better?.(figures, this.figures ?? figures) ?? true;
    if (this.figures !== undefined && !isBetter) return false;
    [this.figures, this.step] = [figures, step];
    this.copy?.take();
    return true;
  }

  /** Whether parameters are kept, not figures alone. */
  get keepsParameters(): boolean {
    return this.copy !== undefined && this.figures !== undefined;
  }

  /** Makes the best parameters the model's. */
  restore(): void {
    if (this.keepsParameters) this.copy?.restore();
  }

  /** Gives the copy's memory back. */
  free(): void {
    this.copy?.free();
  }
}
