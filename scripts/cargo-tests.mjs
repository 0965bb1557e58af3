// Runs `cargo test` and counts its results.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT } from "./processes.mjs";
import { addTarget } from "./rust.mjs";
import { say } from "./say.mjs";
import { nothing, plus } from "./tally.mjs";

/** @typedef {import("./processes.mjs").Environment} Environment */
/** @typedef {import("./tally.mjs").Tally} Tally */

/** WebAssembly that Node can run as a program: it has files and streams, which the test harness needs. */
const WASI = "wasm32-wasip1";

/** Builds of the kernels; WASI has no threads. */
const BUILDS = { simd: "+simd128", relaxed: "+simd128,+relaxed-simd" };

/** V8's two compilers, each alone. By default V8 starts with the first and recompiles hot code with the second. */
const TIERS = { Liftoff: "--liftoff-only", TurboFan: "--no-liftoff" };

/**
 * Runs the tests of all crates and prints their output, except the lines of tests that passed.
 * @param {Environment} env
 * @returns {Promise<Tally>}
 */
export function testRust(env) {
  return cargoTest("Rust", ["--workspace"], env);
}

/**
 * Runs the kernels' own tests as WebAssembly: both builds, on both of V8's compilers.
 * @param {Environment} env
 * @param {string} sysroot the folder of the Rust toolchain
 * @returns {Promise<Tally>}
 */
export async function testRustInWasm(env, sysroot) {
  let tally = nothing();
  const present = addTarget(sysroot, WASI, env);
  for (const [build, features] of Object.entries(BUILDS)) {
    const flags = {
      CARGO_TARGET_DIR: join(ROOT, "target/wasi", build),
      CARGO_ENCODED_RUSTFLAGS: `-Ctarget-feature=${features}`,
    };
    for (const [tier, flag] of Object.entries(TIERS)) {
      const name = `Rust in wasm, ${build}, ${tier}`;
      // A list, so that paths may have spaces.
      const runner = JSON.stringify([process.execPath, flag, join(ROOT, "scripts/wasi.mjs")]);
      const args = ["-p", "kernels", "--lib", "--target", WASI, "--config", `target.${WASI}.runner=${runner}`];
      if (present) tally = plus(tally, await cargoTest(name, args, { ...env, ...flags }));
      else tally.skipped.push(`${name}: rustup could not install ${WASI}`);
    }
  }
  return tally;
}

/**
 * @param {string} suite what comes before the names of tests
 * @param {string[]} chosen what is tested
 * @param {Environment} env
 * @returns {Promise<Tally>}
 */
async function cargoTest(suite, chosen, env) {
  const tally = nothing();
  const args = ["test", "--locked", "--no-fail-fast", ...chosen];
  const cargo = spawn("cargo", args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => cargo.once("close", resolve).once("error", resolve));
  for await (const line of createInterface({ input: cargo.stdout })) if (!count(line, tally, suite)) say(line);
  const code = await ended;
  // A crate that does not compile has no line among the results.
  if (code !== 0 && tally.failed.length === 0)
    tally.failed.push(`${suite}: cargo ${args.join(" ")}: it did not finish`);
  return tally;
}

/**
 * Counts a line of a test program: names come from the lines of single tests, the number of passed tests from the totals.
 * @param {string} line
 * @param {Tally} tally grows
 * @param {string} suite
 * @returns {boolean} whether the line is about one test that passed
 */
function count(line, tally, suite = "Rust") {
  const [, name = "", result, reason] = /^test (.+) \.\.\. ?(ok|FAILED|ignored)?(?:, (.*))?$/.exec(line) ?? [];
  if (result === "FAILED") tally.failed.push(`${suite}: ${name}`);
  // In wasm a panic ends the program: the line is incomplete, and tests with should_panic are not run. They run natively.
  if (name && result === undefined) tally.failed.push(`${suite}: ${name}: it ended the program and the tests after it`);
  if (result === "ignored" && !name.endsWith(" - should panic")) {
    tally.skipped.push(`${suite}: ${name}: ${reason ?? "no reason given"}`);
  }
  tally.passed += Number(/^test result: .* (\d+) passed;/.exec(line)?.[1] ?? 0);
  return result === "ok";
}
