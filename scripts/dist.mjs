// dist: JavaScript that esbuild makes from the TypeScript sources, type declarations, and the wasm modules.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { ROOT, showNode } from "./processes.mjs";
import { phase, Stop } from "./say.mjs";
import { filesBelow, fingerprint, isFresh, stampOf } from "./stamp.mjs";

const SOURCES = join(ROOT, "ts");
const DIST = join(ROOT, "dist");
/** Type declarations, built separately: a changed kernel does not need tsc. */
const TYPES = join(ROOT, "target/types");
const SCRIPTS = join(ROOT, "target/scripts");
/** Stamps are outside dist, which is published as it is. */
const STAMPS = { types: join(ROOT, "target/types.stamp.json"), dist: join(ROOT, "target/dist.stamp.json") };
const INPUTS = [
  ...["ts", "tsconfig.json", "tsconfig.build.json", "package.json", "package-lock.json"],
  ...["scripts/dist.mjs", "scripts/javascript.mjs", "scripts/reachable.mjs"],
];

/** Whether dist is up to date. */
export function isDistBuilt() {
  return isFresh(STAMPS.dist, DIST, fingerprint(INPUTS));
}

/**
 * Builds what is out of date, and fills dist.
 * @throws {Stop} if types are wrong; dist is then unchanged
 */
export async function buildDist() {
  const inputs = fingerprint(INPUTS);
  declareTypes();
  rmSync(SCRIPTS, { recursive: true, force: true });
  // Not a static import: node_modules may be missing when this file is loaded.
  const { makeScripts } = await import("./javascript.mjs");
  await makeScripts(SCRIPTS);
  const plain = filesBelow(SOURCES).filter(isPlain);
  const files = [
    ...[TYPES, SCRIPTS].flatMap((folder) => filesBelow(folder).map((file) => [folder, file])),
    ...plain.map((file) => [SOURCES, file]),
  ];
  const made = new Map(files.map(([folder = "", file = ""]) => [file, join(folder, file)]));
  // dist is published as it is: it leaves out unreachable types and modules that contain only types.
  const { reachable } = await import("./reachable.mjs");
  const used = reachable(made, JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")));
  mirror(new Map([...made].filter(([file]) => used.has(file))), DIST);
  const command = join(DIST, "cli/index.js");
  if (existsSync(command)) chmodSync(command, 0o755);
  writeFileSync(STAMPS.dist, JSON.stringify(stampOf(DIST, inputs)));
}

/**
 * Files that are copied unchanged: the wasm modules, their glue's types, the dictionary, the script of Node's threads.
 * @param {string} file
 */
function isPlain(file) {
  return /^wasm\/.*\.(wasm|gz|d\.ts)$/.test(file) || file.endsWith(".mjs");
}

/** Brings `TYPES` up to date. tsc reads the sources and the types of the wasm modules. */
function declareTypes() {
  const inputs = fingerprint(INPUTS, [], (file) => file.endsWith(".ts") || !file.startsWith("ts/"));
  if (isFresh(STAMPS.types, TYPES, inputs)) return;
  rmSync(TYPES, { recursive: true, force: true });
  const args = ["-p", "tsconfig.build.json", "--outDir", TYPES, "--noEmitOnError"];
  phase("compiling TypeScript", "5 seconds", () => {
    if (!showNode("typescript/bin/tsc", args)) throw new Stop("tsc failed: dist is unchanged");
  });
  writeFileSync(STAMPS.types, JSON.stringify(stampOf(TYPES, inputs)));
}

/**
 * Makes `to` consist of `files`. Does not touch equal files, which may be in use.
 * @param {Map<string, string>} files where each comes from, by its path in `to`
 * @param {string} to
 */
function mirror(files, to) {
  for (const [file, source] of files) {
    const copy = join(to, file);
    if (existsSync(copy) && readFileSync(copy).equals(readFileSync(source))) continue;
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(source, copy);
  }
  for (const file of filesBelow(to)) if (!files.has(file)) rmSync(join(to, file));
  removeEmptyFolders(to);
}

/** @param {string} folder */
function removeEmptyFolders(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmptyFolders(join(folder, entry.name));
  }
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}
