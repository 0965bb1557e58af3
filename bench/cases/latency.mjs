// A service's view: one short text a call, from the first call of a process on.
import { median, quantile } from "../statistics.mjs";
import { duration } from "../table.mjs";

/** @type {import("./index.mjs").Case} */
export const latency = {
  name: "latency",
  about: "one short text, 4 × 256: p50, p99, the first call against the fiftieth, calls that take far too long",
  peers: [],
  async run(bench) {
    const calls = bench.conditions.quick ? 200 : 1000;
    const side = { peer: "ours", work: "latency", options: { calls } };
    await bench.measured("latency", side, rowsOf);
  },
};

/** @param {number[]} times milliseconds of every call, in order */
function rowsOf(times) {
  const warm = times.slice(50);
  const [p50, p99] = [median(warm), quantile(warm, 0.99)];
  const late = times.slice(10);
  const row = (name, value, title, other, wanted) => ({
    ...{ name: `latency: ${name}`, left: duration(value), right: `${title} ${duration(other)}` },
    ...{ ratios: [value / other], wanted, of: "time" },
  });
  return [
    row("p99", p99, "p50", p50),
    row("call 1", times[0], "call 50", times[49]),
    row("slowest after the tenth", Math.max(...late), "median", median(late), { most: 5 }),
  ];
}
