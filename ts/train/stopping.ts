import { AbortError } from "../errors.js";

/** A run that a user may stop. */
interface Stoppable {
  readonly out?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What is thrown where `signal` comes before the first step: there is nothing worth saving. */
export const unstarted = ({ signal }: Stoppable): AbortError =>
  new AbortError("stopped before the first step; nothing was saved", { cause: signal?.reason });

/** What is thrown where it came later, after the model was saved. */
export function stopped(steps: number, { out, signal }: Stoppable): AbortError {
  const saved = out === undefined ? "" : `; the model is saved in ${out} as it stands`;
  return new AbortError(`stopped after step ${steps}${saved}`, { cause: signal?.reason });
}
