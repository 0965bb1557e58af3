// The parts of a build in their order: the WebAssembly modules into ts/wasm, then dist; each only where it has changed.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildDist, isDistBuilt } from "./dist.mjs";
import { withLock } from "./lock.mjs";
import { capture, ROOT } from "./processes.mjs";
import { ensureRust, requireRustup, TARGET } from "./rust.mjs";
import { phase, Stop, say, seconds } from "./say.mjs";
import { ensureCargoTools, ensureWasmOpt } from "./tools.mjs";
import { buildModule, isBuilt, MODULES, removeThreaded, THREADED, writeGlue } from "./wasm.mjs";

const DIST = "dist";

/** What can be built, in this order. */
export const PARTS = [...Object.keys(MODULES), DIST];

/**
 * Builds the parts named, all where none is, and says what it does.
 * @param {readonly string[]} [named]
 * @throws {Stop} where something is missing or wrong; what was built before is then still whole
 */
export async function build(named = []) {
  const unknown = named.filter((name) => !PARTS.includes(name));
  if (unknown.length > 0) throw new Stop(`there is no part ${unknown.join(", ")} to build, only ${PARTS.join(", ")}`);
  const wanted = named.length > 0 ? PARTS.filter((name) => named.includes(name)) : PARTS;
  const start = performance.now();
  const isStale = (/** @type {string} */ name) => !(name === DIST ? isDistBuilt() : isBuilt(name));
  const stale = wanted.filter(isStale);
  if (stale.length === 0) return say(`Nothing to build: ${wanted.join(", ")} are up to date (${seconds(start)})`);
  // Before anything is written: what is missing shall not leave half a build.
  if (stale.some((name) => name !== DIST)) requireRustup();
  if (wanted.includes(DIST)) requirePackages();
  await withLock(join(ROOT, "target/build.lock"), async () => {
    // Asked again: whoever held the lock may have done the work. And dist holds the modules, so it is asked last.
    const modules = wanted.filter((name) => name !== DIST && isStale(name));
    if (modules.length > 0) await buildModules(modules);
    writeGlue();
    if (wanted.includes(DIST) && isStale(DIST)) await buildDist();
  });
  say(`Built in ${seconds(start)}`);
}

/**
 * Builds modules side by side: most of the time goes to steps that use one core.
 * @param {readonly string[]} names
 */
async function buildModules(names) {
  const workshop = await openWorkshop();
  const possible = workshop.canShare ? names : names.filter((name) => !THREADED.includes(name));
  if (possible.length < names.length) {
    say("! Rust's own sources (rust-src) are missing: the engine is built for one thread");
    removeThreaded();
  }
  if (possible.length > 1)
    say(`> ${possible.length} wasm modules are built side by side: together they take longer than each says`);
  const results = await Promise.allSettled(possible.map((name) => buildModule(name, workshop)));
  const failed = results.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

/** @returns {Promise<import("./wasm.mjs").Workshop & { canShare: boolean }>} */
async function openWorkshop() {
  const { sysroot, env, hasSources } = ensureRust();
  const wasmOpt = await ensureWasmOpt();
  const found = await ensureCargoTools(env);
  const args = ["fetch", "--locked", "--target", TARGET];
  phase("fetching crates", "10 seconds the first time", () => {
    const fetched = capture("cargo", args, { env: found });
    if (!fetched.ok) throw new Stop(`${fetched.output}\n\ncargo ${args.join(" ")} failed`);
  });
  return { sysroot, env: found, wasmOpt, canShare: hasSources };
}

function requirePackages() {
  if (existsSync(join(ROOT, "node_modules/typescript"))) return;
  throw new Stop("node_modules is missing or half installed. Run:\n  npm ci");
}
