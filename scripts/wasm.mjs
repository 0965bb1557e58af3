// The WebAssembly modules: what each is made of, and how it comes from Rust to ts/wasm/<name>.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import v8 from "node:v8";
import { gzipSync } from "node:zlib";
import { writeDictionary } from "./dictionary.mjs";
import { captureBeside, ROOT } from "./processes.mjs";
import { TARGET } from "./rust.mjs";
import { Stop, say, seconds } from "./say.mjs";
import { fingerprint, isFresh, lockedCrates, stampOf } from "./stamp.mjs";
import { TOOL_VERSIONS } from "./tools.mjs";

/** @typedef {import("./processes.mjs").Environment} Environment */

/**
 * What modules are built with.
 * @typedef {object} Workshop
 * @property {string} sysroot the folder of the Rust toolchain
 * @property {Environment} env finds cargo, wasm-pack and wasm-bindgen
 * @property {string} wasmOpt the script of wasm-opt
 */

/**
 * A module of ts/wasm.
 * @typedef {object} Module
 * @property {string} crate what cargo calls it
 * @property {string[]} folders its sources, and those of the crates of ours that it uses; files too
 * @property {string} file what its files are named after
 * @property {string[]} flags for rustc
 * @property {boolean} threads whether threads share its memory: `std` is then compiled too, from its sources
 * @property {[first: string, again: string]} estimates in words, from an empty target folder and after a change
 * @property {readonly string[]} passes what wasm-opt is told to do
 * @property {(module: Module, stage: string, env: Environment) => Promise<void>} compile fills the folder `stage`
 */

const WASM = join(ROOT, "ts/wasm");

/** The modules by name. @type {Readonly<Record<string, Module>>} */
export const MODULES = {
  simd: core("+simd128"),
  relaxed: core("+simd128,+relaxed-simd"),
  "simd-threads": core("+simd128,+atomics", true),
  "relaxed-threads": core("+simd128,+relaxed-simd,+atomics", true),
  tokenizer: {
    crate: "roformer-tokenizer",
    folders: ["crates/tokenizer", "scripts/dictionary.mjs"],
    file: "tokenizer",
    threads: false,
    flags: ["-Ctarget-feature=+simd128", "--cfg", 'getrandom_backend="custom"'],
    estimates: ["2 minutes", "40 seconds"],
    // What is sent, as gzip, counts: -Oz takes 9 % off the module and adds 7 % to that, -O1 loses both ways. These take 1.3 % off.
    passes: [
      ...["--duplicate-function-elimination", "--remove-unused-module-elements", "--remove-unused-brs"],
      ...["--remove-unused-names", "--optimize-instructions", "--pick-load-signs", "--rse", "--vacuum"],
      ...["--dae-optimizing", "--duplicate-function-elimination"],
    ],
    compile: async (module, stage, env) => {
      await compileWithCargo(module, stage, env);
      writeDictionary(join(stage, "jieba.txt.gz"), env);
    },
  },
};

/**
 * The kernels, for machines with `features`.
 * @param {string} features
 * @param {boolean} [threads] whether memory is shared
 * @returns {Module}
 */
function core(features, threads = false) {
  return {
    crate: "roformer-wasm",
    folders: ["crates/kernels", "crates/wasm"],
    file: "core",
    flags: [`-Ctarget-feature=${features}`],
    threads,
    estimates: threads ? ["a minute", "20 seconds"] : ["40 seconds", "20 seconds"],
    // Functions that are called once stay apart where they are not small: merged, a product's inner loops share registers badly.
    passes: ["-O3", "--one-caller-inline-max-function-size=60"],
    compile: compileWithWasmPack,
  };
}

/** Whose text changes what comes out. */
const RECIPE = ["Cargo.toml", "rust-toolchain.toml", "scripts/wasm.mjs"];

/** The modules that need the sources of `std`. */
export const THREADED = Object.keys(MODULES).filter((name) => MODULES[name]?.threads);

/** @param {string} name */
function inputsOf(name) {
  const { crate, folders } = moduleCalled(name);
  return fingerprint([...folders, ...RECIPE], [name, lockedCrates(crate), TOOL_VERSIONS]);
}

/** @param {string} name */
function moduleCalled(name) {
  const module = MODULES[name];
  if (!module) throw new Stop(`there is no module ${name}, only ${Object.keys(MODULES).join(", ")}`);
  return module;
}

/**
 * Writes what TypeScript imports: the glue of the modules, which is one file for all. That of the modules with threads
 * serves the others too; where they are not built, that of the others is left.
 */
export function writeGlue() {
  const threaded = THREADED.every((name) => existsSync(join(WASM, name)));
  const text = `export * from "./${threaded ? THREADED[0] : "simd"}/core.js";\n`;
  const files = {
    "glue.js": `${text}export const threaded = ${threaded};\n`,
    "glue.d.ts": `${text}/** Whether there are builds with threads. */\nexport declare const threaded: boolean;\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    const file = join(WASM, name);
    if (!existsSync(file) || readFileSync(file, "utf8") !== content) writeFileSync(file, content);
  }
}

/** Removes the modules with threads, which cannot be built: old ones would not fit the rest. */
export function removeThreaded() {
  for (const name of THREADED) rmSync(join(WASM, name), { recursive: true, force: true });
}

/**
 * Whether ts/wasm/`name` is what its sources make.
 * @param {string} name
 */
export function isBuilt(name) {
  const folder = join(WASM, name);
  return isFresh(join(folder, ".stamp.json"), folder, inputsOf(name));
}

/**
 * Builds ts/wasm/`name`. Where that fails, what was there before still is.
 * @param {string} name
 * @param {Workshop} workshop
 * @throws {Stop} with the compiler's words
 */
export async function buildModule(name, workshop) {
  const module = moduleCalled(name);
  const inputs = inputsOf(name);
  const stage = join(WASM, `.${name}.new`);
  const target = join(ROOT, "target/wasm", name);
  const env = {
    ...workshop.env,
    CARGO_TARGET_DIR: target,
    // Wins over RUSTFLAGS and over .cargo/config.toml: a user's own flags cannot leak in.
    CARGO_ENCODED_RUSTFLAGS: [...module.flags, ...remaps(workshop)].join("\x1f"),
    // Lets a stable compiler build `std` with atomics; the toolchain is pinned, so what it does is known.
    ...(module.threads && { RUSTC_BOOTSTRAP: "1" }),
  };
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  try {
    say(`> building the wasm module ${name} (about ${module.estimates[existsSync(target) ? 1 : 0]})`);
    const start = performance.now();
    await module.compile(module, stage, env);
    const size = await finish(join(stage, `${module.file}_bg.wasm`), module.passes, workshop.wasmOpt);
    say(`  ${name} done in ${seconds(start)}: ${size}`);
    writeFileSync(join(stage, ".stamp.json"), JSON.stringify(stampOf(stage, inputs)));
    replace(join(WASM, name), stage);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/**
 * Swaps two folders' names, since no system renames over a folder that has files.
 * @param {string} folder
 * @param {string} stage
 */
function replace(folder, stage) {
  const old = join(dirname(folder), `.${basename(folder)}.old`);
  rmSync(old, { recursive: true, force: true });
  if (existsSync(folder)) renameSync(folder, old);
  try {
    renameSync(stage, folder);
  } catch (error) {
    if (existsSync(old)) renameSync(old, folder);
    throw error;
  }
  rmSync(old, { recursive: true, force: true, maxRetries: 5 });
}

/** @type {Module["compile"]} */
async function compileWithWasmPack({ folders, file, threads }, stage, env) {
  const args = ["build", folders.at(-1) ?? "", "--target", "web", "--release", "--out-dir", stage, "--out-name", file];
  // It shall install nothing, optimise nothing, and write no package.json and no .gitignore (npm would obey that).
  args.push("--mode", "no-install", "--no-opt", "--no-pack", "--no-gitignore", "--", "--locked");
  if (threads) args.push("-Z", "build-std=std,panic_abort");
  await must("wasm-pack", args, env);
}

/** @type {Module["compile"]} */
async function compileWithCargo({ crate, file }, stage, env) {
  await must("cargo", ["build", "--package", crate, "--lib", "--target", TARGET, "--release", "--locked"], env);
  const compiled = join(env.CARGO_TARGET_DIR ?? "", TARGET, "release", `${crate.replaceAll("-", "_")}.wasm`);
  const args = [compiled, "--target", "web", "--out-dir", stage, "--out-name", file, "--remove-name-section"];
  // A hostile file can make the module trap: the glue then makes a fresh instance instead of losing all tokenizers.
  args.push("--experimental-reset-state-function");
  await must("wasm-bindgen", args, env);
}

/**
 * Optimises a module in place, and sees that this Node takes it.
 * @param {string} wasm
 * @param {readonly string[]} passes
 * @param {string} wasmOpt
 * @returns {Promise<string>} how large it is
 */
async function finish(wasm, passes, wasmOpt) {
  const before = statSync(wasm).size;
  // No feature flags: wasm-opt reads the module's own list, and with --all-features writes what Node 20 rejects.
  await must(process.execPath, [wasmOpt, ...passes, wasm, "-o", wasm], process.env);
  const bytes = readFileSync(wasm);
  if (process.versions.node.startsWith("20.")) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
  if (!WebAssembly.validate(bytes)) throw new Stop(`${wasm} is not valid in this Node`);
  return `${before} bytes, ${bytes.length} after wasm-opt, ${gzipSync(bytes).length} as gzip`;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {Environment} env
 */
async function must(command, args, env) {
  const { ok, output } = await captureBeside(command, args, env);
  if (!ok) throw new Stop(`${output}\n\n${command} failed`);
}

/**
 * Flags that keep this machine's folders out of the messages of panics. Of two that fit, rustc takes the later.
 * @param {Workshop} workshop
 */
function remaps({ sysroot, env }) {
  const registry = join(env.CARGO_HOME ?? join(homedir(), ".cargo"), "registry/src");
  const sources = existsSync(registry) ? readdirSync(registry).sort() : [];
  const pairs = [
    [ROOT, "."],
    ...sources.map((source) => [join(registry, source), "crates"]),
    [join(sysroot, "lib/rustlib/src/rust"), "rust"],
  ];
  return pairs.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
}
