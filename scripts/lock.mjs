// A lock file, so that two builds started at once take turns. proper-lockfile does not fit: it refreshes its lock by a timer, which
// does not run while a build waits for a compiler, and node_modules may be missing.
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout } from "node:timers/promises";
import { say } from "./say.mjs";

/** An older lock was left behind: no build takes this long. */
const STALE_AFTER_MS = 30 * 60_000;

/**
 * Runs `body` while holding the lock `file`; waits for its current holder.
 * @template T
 * @param {string} file
 * @param {() => T | Promise<T>} body
 * @returns {Promise<T>}
 */
export async function withLock(file, body) {
  mkdirSync(dirname(file), { recursive: true });
  let waits = false;
  while (!take(file)) {
    if (isStale(file)) {
      rmSync(file, { force: true });
      continue;
    }
    if (!waits) say(`  waiting for another build to finish (it holds ${file})`);
    waits = true;
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
    // Windows reports EPERM for a file that is being deleted.
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
    // The file is empty for a moment after its creation.
    if (holder === 0) return age > 5_000;
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "ESRCH";
  }
}
