// The parts of a build in their order: the WebAssembly modules into ts/wasm, then dist; each only where it has changed.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildDist, isDistBuilt } from "./dist.mjs";
import { withLock } from "./lock.mjs";
import { capture, ROOT } from "./processes.mjs";
import { ensureRust, requireRustup } from "./rust.mjs";
import { phase, Stop, say, seconds } from "./say.mjs";
import { ensureWasmOpt } from "./tools.mjs";
import { buildGlueProgram, buildModule, isBuilt, MODULES, removeStale, THREADED, writeGlue } from "./wasm.mjs";

const DIST = "dist";

/** What can be built, in this order. */
export const PARTS = [...Object.keys(MODULES), DIST];

/**
 * The parts that the command line needs on this machine: the engine that it chooses for `threads`, and the tokenizers.
 * @param {string | undefined} threads a number or "auto"
 */
export async function partsForHere(threads = "auto") {
  requirePackages();
  const { tsImport } = await import("tsx/esm/api");
  const { platform } = await tsImport("../ts/platform/index.ts", import.meta.url);
  const isOne = threads === "1" || (threads === "auto" && platform.cores() === 1);
  return [isOne ? "relaxed" : "relaxed-threads", "tokenizer", DIST];
}

/**
 * Builds the parts named, by default all, and reports what it does.
 * @param {readonly string[]} [named]
 * @throws {Stop} if something is missing or wrong; what was built before is then still complete
 */
export async function build(named = []) {
  const unknown = named.filter((name) => !PARTS.includes(name));
  if (unknown.length > 0) throw new Stop(`unknown part ${unknown.join(", ")}: must be one of ${PARTS.join(", ")}`);
  const wanted = named.length > 0 ? PARTS.filter((name) => named.includes(name)) : PARTS;
  const start = performance.now();
  const isStale = (/** @type {string} */ name) => !(name === DIST ? isDistBuilt() : isBuilt(name));
  const stale = wanted.filter(isStale);
  if (stale.length === 0) return say(`Nothing to build: ${wanted.join(", ")} are up to date (${seconds(start)})`);
  // Before anything is written: what is missing must not leave half a build.
  if (stale.some((name) => name !== DIST)) requireRustup();
  if (wanted.includes(DIST)) requirePackages();
  await withLock(join(ROOT, "target/build.lock"), async () => {
    // Checked again: the last holder of the lock may have built them. And dist holds the modules, so it is checked last.
    const modules = wanted.filter((name) => name !== DIST && isStale(name));
    if (modules.length > 0) await buildModules(modules);
    if (wanted.length > 1 && wanted.includes(DIST)) removeStale();
    writeGlue();
    if (wanted.includes(DIST) && isStale(DIST)) await buildDist();
  });
  say(`Built in ${seconds(start)}`);
}

/**
 * Builds modules in parallel: most of the time goes to steps that use one core.
 * @param {readonly string[]} names
 */
async function buildModules(names) {
  const workshop = await openWorkshop();
  if (!workshop.hasSources) say("! Rust's own sources (rust-src) are missing: the engine is built for one thread");
  const withoutThreads = (/** @type {string} */ name) =>
    THREADED.includes(name) ? name.replace("-threads", "") : name;
  const possible = workshop.hasSources ? names : [...new Set(names.map(withoutThreads))];
  if (possible.length > 1)
    say(`> building ${possible.length} wasm modules in parallel: together they take longer than each says`);
  const results = await Promise.allSettled(possible.map((name) => buildModule(name, workshop)));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

/** @returns {Promise<import("./wasm.mjs").Workshop>} */
async function openWorkshop() {
  const rust = ensureRust();
  const wasmOpt = await ensureWasmOpt();
  const args = ["fetch", "--locked"];
  phase("fetching crates", "10 seconds the first time", () => {
    const fetched = capture("cargo", args, { env: rust.env });
    if (!fetched.ok) throw new Stop(`${fetched.output}\n\ncargo ${args.join(" ")} failed`);
  });
  return { ...rust, wasmOpt, glue: buildGlueProgram(rust.env) };
}

function requirePackages() {
  if (existsSync(join(ROOT, "node_modules/typescript"))) return;
  throw new Stop("node_modules is missing or half installed. Run:\n  npm ci");
}
