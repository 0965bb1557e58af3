import { checkOptions, type Names } from "../options.js";

/** What makes the random numbers of a training step: the same two numbers draw the same dropout. */
export interface TrainingStep {
  /** Seed of the run: a whole number of at most 53 bits. */
  readonly seed: number;
  /** Step of the run, from 0. */
  readonly step: number;
  /**
   * What comes before this part in the whole batch: each row draws as it does there.
   * @default nothing
   */
  readonly before?: RowCounts | undefined;
}

/** Numbers of rows of both kinds. */
export interface RowCounts {
  /** Rows that are tokens. */
  readonly tokens: number;
  /** Rows that are sequences. */
  readonly sequences: number;
}

const STEP: Names<TrainingStep> = { seed: true, step: true, before: true };

let current: TrainingStep | undefined;

/** Runs `body` in training mode: dropout drops. Without it, models compute what they would at inference. */
export function training<T>(step: TrainingStep, body: () => T): T {
  checkOptions("training", step, STEP);
  const outer = current;
  current = step;
  try {
    return body();
  } finally {
    current = outer;
  }
}

/** The step that runs in training mode, if one does. */
export const trainingStep = (): TrainingStep | undefined => current;
