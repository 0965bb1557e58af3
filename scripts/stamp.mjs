// Stamps record the inputs and outputs of a build by content, so that unchanged parts are not rebuilt.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./processes.mjs";

/**
 * The record of a build.
 * @typedef {object} Stamp
 * @property {string} inputs the fingerprint of everything it was made from
 * @property {{ [file: string]: string }} outputs the fingerprint of each file it made
 */

/**
 * The files below `folder`, with slashes, sorted; without hidden files and installed packages.
 * @param {string} folder absolute
 * @returns {string[]} relative to `folder`
 */
export function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  const found = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith(".") || entry.name === "node_modules" || entry.name === "target") return [];
    if (!entry.isDirectory()) return [entry.name];
    return filesBelow(join(folder, entry.name)).map((file) => `${entry.name}/${file}`);
  });
  return found.sort();
}

/**
 * One fingerprint of files and folders of the project, and of `texts`.
 * @param {readonly string[]} paths relative to the project; one that is missing counts as missing
 * @param {readonly string[]} [texts]
 * @param {(file: string) => boolean} [counts] whether a file is one of those that matter
 */
export function fingerprint(paths, texts = [], counts = () => true) {
  const hash = createHash("sha256");
  for (const path of paths) {
    const full = join(ROOT, path);
    const isFolder = statSync(full, { throwIfNoEntry: false })?.isDirectory() ?? false;
    const files = isFolder ? filesBelow(full).map((file) => `${path}/${file}`) : [path];
    for (const file of files.filter(counts)) hash.update(`${file}\0${fingerprintOf(join(ROOT, file)) ?? "missing"}\0`);
  }
  for (const text of texts) hash.update(`${text}\0`);
  return hash.digest("hex");
}

/**
 * The fingerprint of one file; undefined if it does not exist.
 * @param {string} file
 */
function fingerprintOf(file) {
  return existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : undefined;
}

/**
 * Makes the stamp of a complete `folder`.
 * @param {string} folder
 * @param {string} inputs
 * @returns {Stamp}
 */
export function stampOf(folder, inputs) {
  const outputs = Object.fromEntries(filesBelow(folder).map((file) => [file, fingerprintOf(join(folder, file)) ?? ""]));
  return { inputs, outputs };
}

/**
 * Whether `folder` contains the unchanged output of a build from `inputs`.
 * @param {string} file the stamp
 * @param {string} folder
 * @param {string} inputs
 */
export function isFresh(file, folder, inputs) {
  const stamp = readStamp(file);
  if (!stamp || stamp.inputs !== inputs) return false;
  const names = Object.keys(stamp.outputs);
  // An additional file is as wrong as a missing one: it would be published.
  if (names.length === 0 || filesBelow(folder).join("\n") !== names.join("\n")) return false;
  return names.every((name) => fingerprintOf(join(folder, name)) === stamp.outputs[name]);
}

/**
 * @param {string} file
 * @returns {Stamp | undefined} undefined if it is missing or incomplete
 */
function readStamp(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * The entries of Cargo.lock that the crate `root` is built from: a new dependency of one crate rebuilds only that crate.
 * @param {string} root
 * @param {string} [lock] the text of Cargo.lock
 */
export function lockedCrates(root, lock = readFileSync(join(ROOT, "Cargo.lock"), "utf8")) {
  const entries = lock.split(/\r?\n(?=\[\[package\]\])/).slice(1);
  /** @type {Set<string>} */
  const needed = new Set();
  const queue = [root];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    for (const entry of entries.filter((text) => !needed.has(text) && /^name = "(.*)"/m.exec(text)?.[1] === name)) {
      needed.add(entry);
      // Two versions of a crate are distinguished as "name version"; including both is safe.
      queue.push(...[...entry.matchAll(/^ "([^" ]+)/gm)].map((match) => match[1] ?? ""));
    }
  }
  return [...needed]
    .map((entry) => entry.trim())
    .sort()
    .join("\n\n");
}
