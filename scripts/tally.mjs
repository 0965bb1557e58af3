// The results of a test run, summed over Rust and TypeScript.
import { say } from "./say.mjs";

/**
 * The results of some tests.
 * @typedef {object} Tally
 * @property {number} passed
 * @property {string[]} failed the name of each that failed, or what could not be run at all
 * @property {string[]} skipped the name of each that was left out, and why
 */

/** @returns {Tally} of no tests */
export function nothing() {
  return { passed: 0, failed: [], skipped: [] };
}

/**
 * @param {Tally} a
 * @param {Tally} b
 * @returns {Tally}
 */
export function plus(a, b) {
  return {
    passed: a.passed + b.passed,
    failed: [...a.failed, ...b.failed],
    skipped: [...a.skipped, ...b.skipped],
  };
}

/**
 * Prints the skipped and failed tests; the last line is `N passed, N failed` and nothing else.
 * @param {Tally} tally
 * @returns {number} the exit code
 */
export function report({ passed, failed, skipped }) {
  say("");
  if (skipped.length > 0) say(`${skipped.length} skipped:`);
  for (const name of skipped) say(`  ${name}`);
  for (const name of failed) say(`FAILED ${name}`);
  say(`${passed} passed, ${failed.length} failed`);
  return failed.length > 0 ? 1 : 0;
}
