// What the scripts print: a line when a phase begins, with about how long it takes, and one when it is over.

/** A failure whose message is all that the user needs: it is printed without a stack. */
export class Stop extends Error {}

/**
 * Prints one line.
 * @param {string} line
 */
export function say(line) {
  console.log(line);
}

/**
 * Runs `body` as a phase called `title`, and says how long it took.
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
 * The time since `start`, a `performance.now()`, in words.
 * @param {number} start
 */
export function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/**
 * Runs a script's `main`; its number is the exit code. A `Stop` is printed as a message, anything else with its stack.
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
