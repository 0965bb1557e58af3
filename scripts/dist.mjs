// dist: the TypeScript sources compiled file by file, and beside them the wasm modules.
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

const DIST = join(ROOT, "dist");
/** Not in dist itself, which is published as it stands. */
const STAMP = join(ROOT, "target/dist.stamp.json");
const SOURCES = ["ts", "tsconfig.json", "tsconfig.build.json", "package-lock.json", "scripts/dist.mjs"];

/** Whether dist is what the sources make. */
export function isDistBuilt() {
  return isFresh(STAMP, DIST, fingerprint(SOURCES), false);
}

/**
 * Compiles into a folder of its own first: where that fails, dist stays as it was.
 * @throws {Stop} where a type is wrong
 */
export function buildDist() {
  const inputs = fingerprint(SOURCES);
  const stage = join(ROOT, "target/dist.new");
  rmSync(stage, { recursive: true, force: true });
  const args = ["-p", "tsconfig.build.json", "--outDir", stage, "--noEmitOnError"];
  phase("compiling TypeScript", "5 seconds", () => {
    if (!showNode("typescript/bin/tsc", args)) throw new Stop("tsc failed: dist is as it was");
  });
  copyPlainFiles(stage);
  mirror(stage, DIST);
  rmSync(stage, { recursive: true, force: true });
  const command = join(DIST, "cli/index.js");
  if (existsSync(command)) chmodSync(command, 0o755);
  writeFileSync(STAMP, JSON.stringify(stampOf(DIST, inputs, false)));
}

/**
 * What tsc does not carry over: the wasm modules, their glue with its types, scripts that workers start.
 * @param {string} stage
 */
function copyPlainFiles(stage) {
  const sources = join(ROOT, "ts");
  for (const file of filesBelow(sources)) {
    if (file.endsWith(".ts") && !file.startsWith("wasm/")) continue;
    mkdirSync(dirname(join(stage, file)), { recursive: true });
    copyFileSync(join(sources, file), join(stage, file));
  }
}

/**
 * Makes `to` equal to `from`. Files that are equal already are not touched: somebody may be running them.
 * @param {string} from
 * @param {string} to
 */
function mirror(from, to) {
  const wanted = filesBelow(from);
  for (const file of wanted) {
    const [source, copy] = [join(from, file), join(to, file)];
    if (existsSync(copy) && readFileSync(copy).equals(readFileSync(source))) continue;
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(source, copy);
  }
  const kept = new Set(wanted);
  for (const file of filesBelow(to)) if (!kept.has(file)) rmSync(join(to, file));
  removeEmptyFolders(to);
}

/** @param {string} folder */
function removeEmptyFolders(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeEmptyFolders(join(folder, entry.name));
  }
  if (readdirSync(folder).length === 0) rmdirSync(folder);
}
