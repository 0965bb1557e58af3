// Waits for the threads of an engine, so that what follows is shared with all of them.
import { engine, engineStatus } from "../../dist/engine/engine.js";

/** Polls of an item, about a millisecond: on few cores every thread gets a turn before others have taken all items. */
const POLLS = 2_000_000;

/**
 * Waits until every thread has taken part in a job, for thirty seconds at most. Gives how many have.
 * @param {boolean} [shareAll] whether from then on every job that has two items is shared, however small
 */
export async function joined(shareAll = false) {
  const { threads } = engineStatus();
  if (shareAll && threads > 1) engine().team_configure(threads, 10_000, 100, 0);
  let [most, items] = [0, 8 * threads];
  for (const start = performance.now(); most < threads && performance.now() - start < 30_000; ) {
    most = Math.max(most, engine().team_fork(items, 2 ** 31, POLLS));
    items = Math.min(2 * items, 128 * threads); // on busy cores a thread's turn may come late
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return most;
}
