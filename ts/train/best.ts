import type { Model } from "../models/model.js";
import type { ClassifierMetrics } from "./problems/singleLabel.js";

/** The parameters and random features of the epoch that validated best: by accuracy, then by loss. */
export class Best {
  private readonly model: Model;
  private metrics: ClassifierMetrics | undefined;
  private values: Float32Array[] = [];

  constructor(model: Model) {
    this.model = model;
  }

  /** Keeps the parameters as they are, if they are the best so far. */
  note(metrics: ClassifierMetrics): void {
    const { accuracy = -1, loss = 0 } = this.metrics ?? {};
    if (metrics.accuracy < accuracy || (metrics.accuracy === accuracy && metrics.loss >= loss)) return;
    this.metrics = metrics;
    this.values = this.model.store.saved.map((parameter) => parameter.read());
  }

  /** Makes the best parameters the model's. */
  restore(): void {
    if (this.metrics) for (const [i, parameter] of this.model.store.saved.entries()) parameter.write(this.values[i]!);
  }
}
