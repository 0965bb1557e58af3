// npm and the package that it would publish.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { capture, ROOT } from "./processes.mjs";
import { Stop } from "./say.mjs";

/**
 * npm's script: the one that runs this process, else the one installed with Node. On Windows `npm` is a .cmd file, which
 * cannot be started without a shell.
 * @throws {Stop} if there is none
 */
export function npmScript() {
  // Other package managers set npm_execpath too, to themselves.
  const running = process.env.npm_execpath;
  if (running && basename(running) === "npm-cli.js" && existsSync(running)) return running;
  const beside = dirname(process.execPath);
  const places = [beside, join(beside, "..", "lib"), join(beside, "..", "share", "nodejs")];
  const found = places.map((place) => join(place, "node_modules/npm/bin/npm-cli.js")).find(existsSync);
  if (found === undefined) throw new Stop(`npm was not found beside ${process.execPath}: run this script with npm`);
  return found;
}

/**
 * The report of `npm pack`, without building anything.
 * @param {string[]} options
 * @returns {{ filename: string, files: { path: string, size: number, mode: number }[] }}
 */
function npmPack(options) {
  const args = ["pack", "--ignore-scripts", "--json", ...options];
  const { ok, stdout, output } = capture(process.execPath, [npmScript(), ...args]);
  if (!ok) throw new Stop(`${output}\n\nnpm ${args.join(" ")} failed`);
  return JSON.parse(stdout)[0];
}

/** The files that would be published. */
export const listed = () => npmPack(["--dry-run"]).files;

/**
 * Packs the built package.
 * @returns {{ name: string, bytes: Uint8Array }} the tarball
 */
export function pack() {
  const folder = join(ROOT, "target/pack");
  mkdirSync(folder, { recursive: true });
  const { filename } = npmPack(["--pack-destination", folder]);
  return { name: filename, bytes: new Uint8Array(readFileSync(join(folder, filename))) };
}
