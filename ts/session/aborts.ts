import { AbortError } from "../errors.js";

const bySignal = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `listener` once when `signal` is aborted; returns a function that removes it. A signal has one event listener for all of
 * them, since Node warns of more than ten.
 */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => undefined;
  const all = bySignal.get(signal) ?? subscribe(signal);
  all.add(listener);
  return () => void all.delete(listener);
}

function subscribe(signal: AbortSignal): Set<() => void> {
  const all = new Set<() => void>();
  bySignal.set(signal, all);
  const notify = () => {
    for (const listener of [...all]) listener();
    all.clear();
  };
  signal.addEventListener("abort", notify, { once: true });
  return all;
}

/** Runs `work`; sets the reason of `signal` as the cause of an AbortError. */
export async function withCause<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AbortError && signal?.aborted) error.cause = signal.reason;
    throw error;
  }
}
