import type { Model } from "../../models/model.js";
import type { Sequence } from "../../pipelines/pipeline.js";
import { run } from "../../pipelines/run.js";
import { pacer } from "../../platform/pacer.js";

/** Texts per second. */
export interface Speeds {
  readonly teacher: number;
  readonly student: number;
}

/** Times that both models are measured, in turn: the best of each counts, which other programs disturbed least. */
const ROUNDS = 3;

/** How fast two models compute the same texts, in turn, in batches of similar length. Errors: AbortError. */
export async function speedsOf(
  models: {
    readonly teacher: readonly [Model, readonly Sequence[]];
    readonly student: readonly [Model, readonly Sequence[]];
  },
  signal: AbortSignal | undefined,
): Promise<Speeds> {
  const found = { teacher: 0, student: 0 };
  const pause = pacer();
  for (let round = 0; round < ROUNDS; round++)
    for (const name of ["teacher", "student"] as const) {
      const [model, sequences] = models[name];
      const started = performance.now();
      const job = { sequences, read: (_: unknown, places: readonly object[]) => places.map(() => 0), finish: () => [] };
      await run(model, { what: "distill", job, options: { signal } });
      found[name] = Math.max(found[name], (1000 * sequences.length) / (performance.now() - started));
      await pause();
    }
  return { teacher: rounded(found.teacher), student: rounded(found.student) };
}

const rounded = (x: number): number => Number(x.toPrecision(4));
