/** Milliseconds of work after which others get their turn. */
const TURN = 30;

/** Awaited between the steps of a long job. */
export type Pace = () => Promise<void>;

/**
 * A function that a long job awaits between its steps: every 30 ms it lets timers, aborts and the interrupt key in; otherwise it
 * costs nothing worth mentioning.
 */
export function pacer(): Pace {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < TURN) return;
    await new Promise((resolve) => setTimeout(resolve));
    last = performance.now();
  };
}
