// All tests of the project: builds, then runs Rust's and TypeScript's tests.
import { testRust, testRustInWasm } from "./cargo-tests.mjs";
import { build } from "./parts.mjs";
import { ensureRust } from "./rust.mjs";
import { Stop, say } from "./say.mjs";
import { nothing, plus } from "./tally.mjs";
import { testTypeScript } from "./vitest-tests.mjs";

/**
 * Builds, and prints the reason if that fails.
 * @returns {Promise<import("./tally.mjs").Tally>} of no tests, with the build as a failure
 */
export async function tryBuild() {
  try {
    await build();
    return nothing();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    console.error(`\n${error.message}`);
    return { ...nothing(), failed: ["the build: no test was run"] };
  }
}

/**
 * Runs all tests on the built project.
 * @param {readonly string[]} vitestArgs
 * @returns {Promise<import("./tally.mjs").Tally>}
 */
export async function runTests(vitestArgs) {
  const { env, sysroot } = ensureRust();
  say("> cargo test (about 1 minute the first time)");
  const native = await testRust(env);
  say("> cargo test of the kernels in WebAssembly (about 30 seconds, 1 minute more the first time)");
  const wasm = await testRustInWasm(env, sysroot);
  say("> vitest run");
  return plus(plus(native, wasm), testTypeScript(vitestArgs));
}
