// What a fork and join costs, and with which work it pays.
import { setTimeout } from "node:timers/promises";
import { Unavailable } from "../../unavailable.mjs";

/** So much arithmetic that a kernel would be divided. */
const EFFORT = 0xffffffff;

/** Milliseconds after which a worker that had nothing to do sleeps for certain. */
const ASLEEP_MS = 5;

/** Microseconds of each of the two items that are shared. */
const ITEMS = [10, 30, 100];

/** @param {import("../ours.mjs").Package} entries */
export const forkJoinWorks = ({ engine }) => ({
  async forkJoin({ times }) {
    const kernels = await engine();
    if (!kernels.team_fork) throw new Unavailable("its kernels have no team_fork");
    return { measure: () => measure(kernels, times) };
  },
});

async function measure(kernels, times) {
  await setTimeout(300); // the other thread comes up meanwhile
  const polls = pollsAMicrosecond(kernels);
  const found = [];
  for (const microseconds of ITEMS) {
    const each = Math.round(polls * microseconds);
    const fork = () => kernels.team_fork(2, EFFORT, each);
    const alone = timed(times, () => kernels.team_polls(2 * each));
    const spinning = timed(times, fork);
    const sleeping = timed(times, fork, sleep);
    found.push({ microseconds, alone, spinning, sleeping });
  }
  return found;
}

/**
 * Milliseconds of each of `times` calls.
 * @param {number} times
 * @param {() => void} call
 * @param {() => void} [before] not timed
 */
function timed(times, call, before = () => {}) {
  for (let i = 0; i < 20; i++) call();
  return Array.from({ length: times }, () => {
    before();
    const from = performance.now();
    call();
    return performance.now() - from;
  });
}

function pollsAMicrosecond({ team_polls }) {
  const polls = 1_000_000;
  const [best] = timed(5, () => team_polls(polls)).sort((a, b) => a - b);
  return polls / best / 1000;
}

const nobody = new Int32Array(new SharedArrayBuffer(4));

function sleep() {
  Atomics.wait(nobody, 0, 0, ASLEEP_MS);
}
