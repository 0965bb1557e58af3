// wasm-pack, wasm-bindgen and wasm-opt, each at a pinned version: from the PATH, else from a folder of the user that all
// checkouts share, else installed there.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { withLock } from "./lock.mjs";
import { capture, show, which } from "./processes.mjs";
import { phase, Stop } from "./say.mjs";

/** wasm-bindgen's equals the one in the crates' Cargo.toml: the two halves speak a format of their own. */
const CARGO_TOOLS = {
  "wasm-bindgen": { crate: "wasm-bindgen-cli", version: "0.2.126" },
  "wasm-pack": { crate: "wasm-pack", version: "0.15.1" },
};
/** Holds wasm-opt. No dependency of package.json: it has 104 MB and only the build needs it. */
const BINARYEN = "132.0.0";

/** What comes out may depend on it. */
export const TOOL_VERSIONS = JSON.stringify({ CARGO_TOOLS, BINARYEN });

/** @typedef {import("./processes.mjs").Environment} Environment */

/** The folder of the user where tools are kept. */
export function toolFolder() {
  const { WASM_TOOLS, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (WASM_TOOLS) return WASM_TOOLS;
  const local = process.platform === "win32" ? LOCALAPPDATA : undefined;
  return join(XDG_CACHE_HOME || local || join(homedir(), ".cache"), "roformer-tools");
}

/**
 * Makes sure that wasm-pack and wasm-bindgen are there.
 * @param {Environment} env what cargo is run with
 * @returns {Promise<Environment>} `env` with both first on the PATH, where wasm-pack looks for wasm-bindgen
 * @throws {Stop} where one is missing and cannot be installed
 */
export async function ensureCargoTools(env) {
  const folders = [];
  for (const name of /** @type {(keyof typeof CARGO_TOOLS)[]} */ (Object.keys(CARGO_TOOLS))) {
    folders.push(dirname(find(name) ?? (await withLock(lockFile(), () => find(name) ?? compile(name, env)))));
  }
  return withFolders(folders, env);
}

/**
 * @param {string[]} folders
 * @param {Environment} env
 * @returns {Environment}
 */
function withFolders(folders, env) {
  // process.env, not its copy: on Windows the variable is called Path, and only process.env does not mind.
  return { ...env, PATH: [...new Set(folders), process.env.PATH].join(delimiter) };
}

/** @param {keyof typeof CARGO_TOOLS} name */
function find(name) {
  const wanted = CARGO_TOOLS[name].version;
  const places = [which(name), which(name, join(toolFolder(), "bin"))];
  return places.find((place) => place && capture(place, ["--version"]).stdout.split(" ")[1] === wanted);
}

/**
 * @param {keyof typeof CARGO_TOOLS} name
 * @param {Environment} env
 */
function compile(name, env) {
  const { crate, version } = CARGO_TOOLS[name];
  // A debug build takes a third of the time of a release build and costs 0.04 s a module.
  const args = ["install", crate, "--locked", "--version", version, "--bin", name, "--debug", "--root", toolFolder()];
  phase(`compiling ${name} ${version} once, into ${toolFolder()}`, "1 minute", () =>
    show("cargo", args, { env: { ...withFolders([join(toolFolder(), "bin")], env), CARGO_PROFILE_DEV_DEBUG: "0" } }),
  );
  const place = find(name);
  if (place) return place;
  const command = `cargo ${args.join(" ")}`;
  throw new Stop(
    `${name} ${version} is missing and could not be installed. Try:\n  ${command}\nor put it on the PATH.`,
  );
}

/**
 * Makes sure that wasm-opt is there.
 * @returns {Promise<string>} its script, for Node to run
 * @throws {Stop} where npm cannot install it
 */
export async function ensureWasmOpt() {
  const home = join(toolFolder(), `binaryen-${BINARYEN}`);
  const script = join(home, "node_modules/binaryen/bin/wasm-opt");
  if (!existsSync(script)) await withLock(lockFile(), () => existsSync(script) || installBinaryen(home));
  return script;
}

/**
 * Installs beside `home` and renames, so that a `home` that exists is whole.
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
    npm(args(stage)),
  );
  if (!ok) throw new Stop(`wasm-opt is missing and could not be installed. Try:\n  npm ${args(home).join(" ")}`);
  rmSync(home, { recursive: true, force: true });
  renameSync(stage, home);
}

/**
 * Runs npm by its script: on Windows `npm` is a .cmd file, which cannot be started without a shell.
 * @param {string[]} args
 */
function npm(args) {
  const called = process.env.npm_execpath ?? "";
  const beside = join(dirname(process.execPath), "node_modules/npm/bin/npm-cli.js");
  // Other package managers set npm_execpath too, to themselves.
  const script = [called, beside].find((path) => /^npm(-cli)?\.c?js$/.test(basename(path)) && existsSync(path));
  return script ? show(process.execPath, [script, ...args]) : show("npm", args);
}

function lockFile() {
  return join(toolFolder(), "install.lock");
}
