/** Milliseconds of work between two pauses. */
const TURN = 30;

/** Awaited between the steps of a long job. */
export type Pace = () => Promise<void>;

/**
 * Returns a function for a long job to await between its steps: every 30 ms it yields to timers, aborts and the interrupt key; otherwise it
 * costs almost nothing.
 */
export function pacer(): Pace {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < TURN) return;
    await new Promise((resolve) => setTimeout(resolve));
    last = performance.now();
  };
}
