// What this runs on, and what its arithmetic reaches.
import { cpus, loadavg } from "node:os";
import { Child } from "./children.mjs";

/**
 * @param {import("./compare.mjs").Conditions} conditions
 * @returns {Promise<{ processor: string, cores: number, node: string, peaks: { fused?: number, plain?: number } }>}
 */
export async function machine(conditions) {
  const [processor] = cpus();
  const node = await version(conditions);
  const peaks = { fused: await peak(conditions, true), plain: await peak(conditions, false) };
  return { processor: processor?.model.trim() ?? "unknown", cores: cpus().length, node, peaks };
}

/**
 * GFLOP/s of one thread, or undefined where the instruction is not to be had.
 * @param {import("./compare.mjs").Conditions} conditions
 * @param {boolean} fused
 */
async function peak({ dist, node }, fused) {
  const child = new Child("peak", { threads: 1, dist }, node);
  try {
    const { amount } = await child.ask("prepare", { work: "flops", options: { fused } });
    await child.ask("warm", { ms: 200 });
    const times = [];
    for (let i = 0; i < 5; i++) times.push(await child.ask("time", { ms: 50 }));
    return amount / Math.min(...times) / 1e6;
  } catch {
    return undefined;
  } finally {
    await child.close();
  }
}

/** @param {import("./compare.mjs").Conditions} conditions */
async function version({ dist, node }) {
  const child = new Child("peak", { threads: 1, dist }, node);
  try {
    return (await child.ask("runtime")).node;
  } finally {
    await child.close();
  }
}

/** How busy the machine is, with whatever else it does. */
export const load = () => loadavg()[0]?.toFixed(1);

/**
 * The machine in two lines.
 * @param {Awaited<ReturnType<typeof machine>>} found
 * @param {number} threads
 */
export function described({ processor, cores, node, peaks }, threads) {
  const gflops = (value) => (value === undefined ? "none" : `${value.toFixed(1)} GFLOP/s`);
  return [
    `${processor}, ${cores} cores; Node ${node}; ${threads} thread${threads > 1 ? "s" : ""} on either side; load ${load()}`,
    `128-bit peaks of one thread: FMA ${gflops(peaks.fused)}, multiply + add ${gflops(peaks.plain)}`,
  ].join("\n");
}
