// The output of the scripts: a line at the beginning of each phase, with its estimated time, and one at its end.

/** A failure with a complete message: it is printed without a stack. */
export class Stop extends Error {}

/**
 * Prints one line.
 * @param {string} line
 */
export function say(line) {
  console.log(line);
}

/**
 * Runs `body` as a phase called `title`, and prints how long it took.
 * @template T
 * @param {string} title what is done, in the -ing form
 * @param {string} estimate about how long it takes, in words
 * @param {() => T} body may throw, or return false for a failure
 * @returns {T} what `body` returns
 */
export function phase(title, estimate, body) {
  say(`> ${title} (about ${estimate})`);
  const start = performance.now();
  const result = body();
  say(`  ${result === false ? "failed after" : "done in"} ${seconds(start)}`);
  return result;
}

/**
 * Formats the time since `start`, a `performance.now()`.
 * @param {number} start
 */
export function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/**
 * Runs a script's `main`, which returns the exit code. A `Stop` is printed as a message, other errors with their stack.
 * @param {() => number | Promise<number>} main
 */
export async function runMain(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(isPlain(error) ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}

/**
 * @param {unknown} error
 * @returns {error is Error} whether it is the user's, not ours
 */
function isPlain(error) {
  return (
    error instanceof Stop || (error instanceof Error && String(Reflect.get(error, "code")).startsWith("ERR_PARSE_ARGS"))
  );
}
