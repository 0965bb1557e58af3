import { AbortError, EngineError } from "../errors.js";
import type { RunOptions, WhenAborted } from "./settings/run.js";

/** The error of a run that is stopped before its first step: there is nothing to save. */
export const unstarted = ({ signal }: Pick<RunOptions, "signal">): AbortError =>
  new AbortError("stopped before the first step; nothing was saved", { cause: signal?.reason });

/**
 * Whether an evaluation that failed leaves a model that is worth saving: not if the model computes NaN, or the engine
 * died, which are errors without a reason.
 */
export const leavesModel = (error: unknown): boolean => !(error instanceof EngineError && error.reason === undefined);

/**
 * Ends a run that was stopped later, after its model was saved. `checkpoint`: the one that was written then, if any. Errors: AbortError,
 * unless the model is wanted as it is.
 */
export function endStopped(
  steps: number,
  checkpoint: string | undefined,
  { out, signal, whenAborted }: RunOptions & WhenAborted,
): void {
  if (whenAborted === "return") return;
  const saved = out === undefined ? "" : `; the model is saved in ${out} as it stands`;
  const next = checkpoint === undefined ? "" : `; resume goes on from ${checkpoint}`;
  throw new AbortError(`stopped after step ${steps}${saved}${next}`, { cause: signal?.reason });
}
