// One at a time: a file that the process at work holds, so that two builds started at once take turns.
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { say } from "./say.mjs";

/** No build takes this long; a lock that is older was left behind. */
const STALE_AFTER_MS = 30 * 60_000;

/**
 * Runs `body` while `file` exists and is ours; waits for whoever holds it before.
 * @template T
 * @param {string} file
 * @param {() => T | Promise<T>} body
 * @returns {Promise<T>}
 */
export async function withLock(file, body) {
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  while (!take(file)) {
    if (isStale(file)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!told) say(`  waiting for another build to finish (it holds ${file})`);
    told = true;
    await setTimeout(200);
  }
  try {
    return await body();
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param {string} file */
function take(file) {
  try {
    const handle = openSync(file, "wx");
    writeSync(handle, String(process.pid));
    closeSync(handle);
    return true;
  } catch (error) {
    // Windows says EPERM of a file that is being deleted.
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === "EEXIST" || (code === "EPERM" && process.platform === "win32")) return false;
    throw error;
  }
}

/** @param {string} file */
function isStale(file) {
  const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age > STALE_AFTER_MS) return true;
  try {
    const holder = Number(readFileSync(file, "utf8"));
    // Between its creation and its first byte the file is empty, for a moment.
    if (holder === 0) return age > 5_000;
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH";
  }
}
