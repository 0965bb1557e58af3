import { ConfigError } from "../../errors.js";
import { platform } from "../../platform/index.js";
import type { Guard } from "./guard.js";
import { MOST_THREADS } from "./variants.js";

/** The environment variable that says how many threads, where the program does not. */
const THREADS_VARIABLE = "ROFORMER_THREADS";

/** Microseconds that an idle thread polls before it sleeps: longer than what lies between two kernels of a step. */
const POLLED = 20;

/** Tenths of a second without any progress after which a thread is taken for dead. */
const PATIENCE = 100;

/** How many threads are wanted: what the program says, else the environment, else "auto". */
export function wantedThreads(given: number | "auto" | undefined): number | "auto" {
  const variable = platform.environment(THREADS_VARIABLE);
  const where = given === undefined ? THREADS_VARIABLE : "threads";
  const wanted = given ?? (variable === undefined || variable === "" ? "auto" : variable);
  if (wanted === "auto") return wanted;
  const count = Number(wanted);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_THREADS) return count;
  throw new ConfigError(
    `${where} is ${typeof wanted === "string" ? JSON.stringify(wanted) : String(wanted)}, neither "auto" nor a whole number from 1 to ${MOST_THREADS}`,
  );
}

/**
 * Starts the threads beside the caller's. They join in as they come up; nobody waits for them, so one that never does (`absent` is told
 * why) is done without.
 */
export function startThreads(
  threads: number,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  guard: Guard,
  absent: (reason: string) => void,
): void {
  const { exports } = guard;
  exports.team_configure(threads, pollsIn(POLLED, exports.team_polls), PATIENCE);
  for (let thread = 1; thread < threads; thread++) {
    const ended = (reason: string) => void guard.bury(`its thread ${thread} ended (${reason})`);
    platform.startThread({ module, memory, thread }, { absent, ended });
  }
}

/** How often a thread polls in so many microseconds. */
function pollsIn(microseconds: number, poll: (times: number) => void): number {
  const times = 50_000;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    poll(times);
    least = Math.min(least, performance.now() - start);
  }
  return Math.round((times * microseconds) / Math.max(1000 * least, 1));
}
