// wasm-opt at a pinned version, in a folder of the user that all checkouts share.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { withLock } from "./lock.mjs";
import { npmScript } from "./npm.mjs";
import { show } from "./processes.mjs";
import { phase, Stop } from "./say.mjs";

/** The version of the package that holds wasm-opt. It is not a dependency in package.json: it has 104 MB and only the build needs it. */
export const BINARYEN = "132.0.0";

/** The folder of the user where tools are kept. */
export function toolFolder() {
  const { WASM_TOOLS, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (WASM_TOOLS) return WASM_TOOLS;
  const local = process.platform === "win32" ? LOCALAPPDATA : undefined;
  return join(XDG_CACHE_HOME || local || join(homedir(), ".cache"), "roformer-tools");
}

/**
 * Installs wasm-opt if it is missing.
 * @returns {Promise<string>} its script, for Node to run
 * @throws {Stop} if npm cannot install it
 */
export async function ensureWasmOpt() {
  const home = join(toolFolder(), `binaryen-${BINARYEN}`);
  const script = join(home, "node_modules/binaryen/bin/wasm-opt");
  if (!existsSync(script)) {
    await withLock(join(toolFolder(), "install.lock"), () => existsSync(script) || installBinaryen(home));
  }
  return script;
}

/**
 * Installs beside `home` and renames, so that a `home` that exists is complete.
 * @param {string} home
 */
function installBinaryen(home) {
  const stage = `${home}.new`;
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  // Without a package.json npm would look for one in the folders above.
  writeFileSync(join(stage, "package.json"), '{ "private": true }\n');
  const flags = ["--global=false", "--save-exact", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const args = (/** @type {string} */ prefix) => ["install", `binaryen@${BINARYEN}`, "--prefix", prefix, ...flags];
  const ok = phase(`installing wasm-opt (binaryen ${BINARYEN}) once, into ${home}`, "15 seconds", () =>
    show(process.execPath, [npmScript(), ...args(stage)]),
  );
  if (!ok) throw new Stop(`wasm-opt is missing and could not be installed. Try:\n  npm ${args(home).join(" ")}`);
  rmSync(home, { recursive: true, force: true });
  renameSync(stage, home);
}
