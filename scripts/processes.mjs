// Finds and runs other programs.
import { spawn, spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder, an absolute path. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** @typedef {{ [name: string]: string | undefined }} Environment */

/**
 * Runs a program in `ROOT` and captures its output.
 * @param {string} command a name or a path; on Windows an .exe, since a .cmd cannot be started without a shell
 * @param {string[]} args
 * @param {{ env?: Environment }} [options]
 * @returns {{ ok: boolean, stdout: string, output: string }} `output`: both streams, or why it could not be started
 */
export function capture(command, args, { env = process.env } = {}) {
  const run = spawnSync(command, args, { cwd: ROOT, env, encoding: "utf8", maxBuffer: 1 << 28 });
  const output = `${run.stdout ?? ""}${run.stderr ?? ""}${run.error ? `${run.error.message}\n` : ""}`;
  return { ok: run.status === 0, stdout: (run.stdout ?? "").trim(), output: output.trimEnd() };
}

/**
 * Runs a program in `ROOT` in the background, and captures its output.
 * @param {string} command
 * @param {string[]} args
 * @param {Environment} env
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export function captureBeside(command, args, env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.once("error", (error) => resolve({ ok: false, output: error.message }));
    child.once("close", (code) => resolve({ ok: code === 0, output: output.trimEnd() }));
  });
}

/**
 * Runs a program in `ROOT` on this terminal.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Environment }} [options]
 * @returns {boolean} whether its exit code was 0
 */
export function show(command, args, { env = process.env } = {}) {
  const run = spawnSync(command, args, { cwd: ROOT, env, stdio: "inherit" });
  if (run.error) console.error(`${command}: ${run.error.message}`);
  return run.status === 0;
}

/**
 * Runs a program of `node_modules` on this terminal, by its script, since the shims in `.bin` are .cmd files on Windows.
 * @param {string} script its path inside `node_modules`, with slashes
 * @param {string[]} args
 * @param {{ env?: Environment }} [options]
 */
export function showNode(script, args, options) {
  return show(process.execPath, [join(ROOT, "node_modules", script), ...args], options);
}

/**
 * The path of the program called `name`, or undefined.
 * @param {string} name without .exe
 * @param {string | undefined} [path] folders to look in
 */
export function which(name, path = process.env.PATH) {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  return (path ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, file))
    .find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
}
