// `cargo test`, run so that its results can be counted.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ROOT } from "./processes.mjs";
import { say } from "./say.mjs";
import { nothing } from "./tally.mjs";

/**
 * Runs the tests of all crates and prints what they print, but for a line for each that passed.
 * @param {import("./processes.mjs").Environment} env
 * @returns {Promise<import("./tally.mjs").Tally>}
 */
export async function testRust(env) {
  const tally = nothing();
  const args = ["test", "--workspace", "--locked", "--no-fail-fast"];
  const cargo = spawn("cargo", args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => cargo.once("close", resolve).once("error", resolve));
  for await (const line of createInterface({ input: cargo.stdout })) if (!count(line, tally)) say(line);
  const code = await ended;
  // A crate that does not compile has no line that says so among the results.
  if (code !== 0 && tally.failed.length === 0) tally.failed.push(`cargo ${args.join(" ")}: it did not run to its end`);
  return tally;
}

/**
 * Counts a line of a test program: names come from the lines about one test, the number that passed from the sums.
 * @param {string} line
 * @param {import("./tally.mjs").Tally} tally grows
 * @returns {boolean} whether the line is about one test that passed
 */
export function count(line, tally) {
  const [, name = "", result, reason] = /^test (.+) \.\.\. (ok|FAILED|ignored)(?:, (.*))?$/.exec(line) ?? [];
  if (result === "FAILED") tally.failed.push(`Rust: ${name}`);
  if (result === "ignored") tally.skipped.push(`Rust: ${name}: ${reason ?? "no reason given"}`);
  tally.passed += Number(/^test result: .* (\d+) passed;/.exec(line)?.[1] ?? 0);
  return result === "ok";
}
