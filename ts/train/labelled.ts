import { Batches } from "../data/batches.js";
import type { Model } from "../models/model.js";
import { hiding } from "./hiding.js";
import type { Course } from "./loop.js";
import type { Example, Measured, Task } from "./tasks/task.js";

/** What a course on labelled rows is made of. */
export interface LabelledData<L, S> {
  readonly task: Task<L, S>;
  readonly model: Model;
  readonly train: readonly Example<L>[];
  readonly valid: readonly Example<L>[];
}

/** Labelled rows in batches of similar length, each seen once an epoch, scored on the rows held out. */
export function labelledCourse<L, S extends { readonly metrics: object }>(
  { task, model, train, valid }: LabelledData<L, S>,
  settings: { readonly batch: number; readonly seed: number; readonly maskRate: number },
): Course<S & Measured> & { readonly perEpoch: number } {
  const lengths = train.map(({ ids }) => ids.length);
  const batches = new Batches(lengths, { rows: settings.batch }, settings.seed);
  const hide = hiding(model.tokenizer!, settings);
  return {
    perEpoch: batches.perEpoch,
    batch(step) {
      const { packed, targets } = task.batch(batches.at(step).map((i) => train[i]!));
      return { packed: hide(packed, step), targets };
    },
    evaluate: (signal) => task.evaluate(model, valid, { signal }),
    better: task.better,
    figures: ({ metrics }) => metrics,
    inWords: (scores) => `validation ${task.inWords(scores)}`,
  };
}
