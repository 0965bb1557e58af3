import { join } from "node:path";
import { ROOT, type RunOptions, run } from "../process.js";

/** What `test/programs/hash.mjs` prints. */
export interface Hashed {
  readonly variant: string;
  readonly threads: number;
  /** How many threads were seen at work, if that was waited for. */
  readonly tookPart?: number;
  readonly hash: string;
  readonly finite: boolean;
  readonly numbers: number[];
}

/** The path of a program in `test/programs`. */
const program = (name: string): string => join(ROOT, "test/programs", name);

/** Runs a program of `test/programs` with JSON options, for 50 seconds at most: sooner than a test gives up. */
export function start(name: string, options: object = {}, flags: readonly string[] = [], how: RunOptions = {}) {
  return run([...flags, program(name), JSON.stringify(options)], { within: 50_000, ...how });
}

/** Runs a program of `test/programs` as {@link start} does; gives what it prints as JSON. */
export async function ask<T>(...[name, options, flags, how]: Parameters<typeof start>): Promise<T> {
  const { code, signal, stdout, stderr } = await start(name, options, flags, how);
  if (code === 0) return JSON.parse(stdout) as T;
  throw new Error(`${name} ${JSON.stringify(options)} ended with ${code ?? signal}:\n${stderr}${stdout}`);
}

/** What whole models come to in a process of its own. */
export const hash = (options: object, flags?: readonly string[], how?: RunOptions): Promise<Hashed> =>
  ask<Hashed>("hash.mjs", options, flags, how);

/** The largest difference between two lists of numbers, of max(1, the second's). */
export const difference = (got: readonly number[], expected: readonly number[]): number =>
  got.length === expected.length
    ? Math.max(...expected.map((want, i) => Math.abs(got[i]! - want) / Math.max(1, Math.abs(want))))
    : Number.POSITIVE_INFINITY;
