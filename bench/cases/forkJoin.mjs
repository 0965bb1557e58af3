// What it costs to share work with another thread, which sleeps or spins: work that is cheaper is not split.
import { median } from "../statistics.mjs";
import { duration } from "../table.mjs";

/** @type {import("./index.mjs").Case} */
export const forkJoin = {
  name: "fork-join",
  about: "two items of work shared with a worker that sleeps, or spins, against doing both alone",
  peers: [],
  async run(bench) {
    const side = { peer: "ours", work: "forkJoin", options: { times: bench.conditions.quick ? 50 : 300 }, threads: 2 };
    await bench.measured("fork-join", side, (found) =>
      found.flatMap((one) => [rowOf("spinning", one), rowOf("sleeping", one)]),
    );
  },
};

/**
 * @param {"spinning" | "sleeping"} how the worker waits
 * @param {{ microseconds: number, alone: number[], spinning: number[], sleeping: number[] }} found milliseconds
 */
function rowOf(how, { microseconds, alone, ...found }) {
  const serial = median(alone);
  return {
    name: `fork-join 2 × ${microseconds} µs, ${how} worker`,
    left: duration(median(found[how])),
    right: `alone ${duration(serial)}`,
    ratios: found[how].map((ms) => ms / serial),
    of: "time",
  };
}
