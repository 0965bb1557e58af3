const listeners = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `hear` once when `signal` is aborted; gives what ends that. However many hear of a signal, it has one listener, since
 * Node warns of more than ten.
 */
export function onAbort(signal: AbortSignal | undefined, hear: () => void): () => void {
  if (signal === undefined) return () => undefined;
  const all = listeners.get(signal) ?? listen(signal);
  all.add(hear);
  return () => void all.delete(hear);
}

function listen(signal: AbortSignal): Set<() => void> {
  const all = new Set<() => void>();
  listeners.set(signal, all);
  const tell = () => {
    for (const hear of [...all]) hear();
    all.clear();
  };
  signal.addEventListener("abort", tell, { once: true });
  return all;
}
