// The WebAssembly modules: their sources, and how they are built from Rust to ts/wasm/<name>.
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
import { BINARYEN } from "./tools.mjs";

/** @typedef {import("./processes.mjs").Environment} Environment */

/**
 * The tools that build modules.
 * @typedef {object} Workshop
 * @property {string} sysroot the folder of the Rust toolchain
 * @property {boolean} hasSources whether it has the sources of `std`
 * @property {Environment} env makes cargo use the pinned toolchain
 * @property {Promise<void>} glue settles when crates/glue is compiled
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
 * @property {boolean} [reset] whether the glue can replace an instance that has trapped
 * @property {(folder: string, env: Environment) => void} [addFiles] writes further files into the module's folder
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
    // Chosen for the size as gzip: -Oz makes the module 9 % smaller but its gzip 7 % larger, -O1 is worse in both. These save 1.3 %.
    passes: [
      ...["--duplicate-function-elimination", "--remove-unused-module-elements", "--remove-unused-brs"],
      ...["--remove-unused-names", "--optimize-instructions", "--pick-load-signs", "--rse", "--vacuum"],
      ...["--dae-optimizing", "--duplicate-function-elimination"],
    ],
    // A malicious file can make the module trap: the glue then makes a fresh instance instead of losing all tokenizers.
    reset: true,
    addFiles: (folder, env) => writeDictionary(join(folder, "jieba.txt.gz"), env),
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
    // Does not inline large functions that are called once: merged, the inner loops of a matrix product compete for registers.
    passes: ["-O3", "--one-caller-inline-max-function-size=60"],
  };
}

/** Files that affect the output. */
const RECIPE = ["Cargo.toml", "rust-toolchain.toml", "crates/glue", "scripts/wasm.mjs"];

/** The modules with threads, which need the sources of `std`. */
export const THREADED = Object.keys(MODULES).filter((name) => MODULES[name]?.threads);

/** @param {string} name */
function inputsOf(name) {
  const { crate, folders } = moduleCalled(name);
  return fingerprint([...folders, ...RECIPE], [name, lockedCrates(crate), lockedCrates("glue"), BINARYEN]);
}

/** @param {string} name */
function moduleCalled(name) {
  const module = MODULES[name];
  if (!module) throw new Stop(`unknown module ${name}: must be one of ${Object.keys(MODULES).join(", ")}`);
  return module;
}

/**
 * Writes ts/wasm/glue.js, which exports the glue of the modules. The glue of a module with threads works for all of them; if there is
 * none, that of a module without threads is used.
 */
export function writeGlue() {
  const there = Object.keys(MODULES).filter((name) => MODULES[name]?.file === "core" && existsSync(join(WASM, name)));
  const threaded = there.find((name) => THREADED.includes(name));
  const text = `export * from "./${threaded ?? there[0]}/core.js";\n`;
  const files = {
    "glue.js": `${text}export const threaded = ${threaded !== undefined};\n`,
    "glue.d.ts": `${text}/** Whether there are builds with threads. */\nexport declare const threaded: boolean;\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    const file = join(WASM, name);
    if (!existsSync(file) || readFileSync(file, "utf8") !== content) writeFileSync(file, content);
  }
}

/** Removes outdated modules, which would not fit the common glue. */
export function removeStale() {
  for (const name of Object.keys(MODULES)) {
    if (!isBuilt(name)) rmSync(join(WASM, name), { recursive: true, force: true });
  }
}

/**
 * Whether ts/wasm/`name` is up to date.
 * @param {string} name
 */
export function isBuilt(name) {
  const folder = join(WASM, name);
  return isFresh(join(folder, ".stamp.json"), folder, inputsOf(name));
}

/**
 * Builds ts/wasm/`name`. If that fails, the previous build is kept.
 * @param {string} name
 * @param {Workshop} workshop
 * @throws {Stop} with the compiler's output
 */
export async function buildModule(name, workshop) {
  const module = moduleCalled(name);
  const inputs = inputsOf(name);
  const stage = join(WASM, `.${name}.new`);
  const target = join(ROOT, "target/wasm", name);
  const env = {
    ...workshop.env,
    CARGO_TARGET_DIR: target,
    // Takes precedence over RUSTFLAGS and .cargo/config.toml, so that a user's flags have no effect.
    CARGO_ENCODED_RUSTFLAGS: [...module.flags, ...remaps(workshop)].join("\x1f"),
    // Lets a stable compiler build `std` with atomics; safe, since the toolchain is pinned.
    ...(module.threads && { RUSTC_BOOTSTRAP: "1" }),
  };
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  try {
    say(`> building the wasm module ${name} (about ${module.estimates[existsSync(target) ? 1 : 0]})`);
    const start = performance.now();
    await compile(module, stage, env, workshop);
    module.addFiles?.(stage, env);
    const size = await finish(join(stage, `${module.file}_bg.wasm`), module.passes, workshop.wasmOpt);
    say(`  ${name} done in ${seconds(start)}: ${size}`);
    writeFileSync(join(stage, ".stamp.json"), JSON.stringify(stampOf(stage, inputs)));
    replace(join(WASM, name), stage);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/**
 * Replaces a folder by renaming twice, since no system renames over a non-empty folder.
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

/**
 * Compiles a module and writes its glue.
 * @param {Module} module
 * @param {string} stage the folder it fills
 * @param {Environment} env what cargo is run with
 * @param {Workshop} workshop
 */
async function compile({ crate, file, threads, reset }, stage, env, workshop) {
  const args = ["build", "--package", crate, "--lib", "--target", TARGET, "--release", "--locked"];
  await must("cargo", threads ? [...args, "-Z", "build-std=std,panic_abort"] : args, env);
  const compiled = join(env.CARGO_TARGET_DIR ?? "", TARGET, "release", `${crate.replaceAll("-", "_")}.wasm`);
  await workshop.glue;
  await must("cargo", [...GLUE, "--", compiled, stage, file, ...(reset ? ["--reset"] : [])], workshop.env);
}

/** Runs wasm-bindgen: the version in Cargo.lock is the one that the modules are compiled with. */
const GLUE = ["run", "--quiet", "--locked", "--package", "glue"];

/**
 * Compiles the program that runs wasm-bindgen.
 * @param {Environment} env
 */
export async function buildGlueProgram(env) {
  await must("cargo", ["build", "--locked", "--package", "glue"], env);
}

/**
 * Optimizes a module in place, and checks that this Node accepts it.
 * @param {string} wasm
 * @param {readonly string[]} passes
 * @param {string} wasmOpt
 * @returns {Promise<string>} its sizes, in words
 */
async function finish(wasm, passes, wasmOpt) {
  const before = statSync(wasm).size;
  // No feature flags: wasm-opt reads the module's list, and with --all-features writes modules that Node 20 rejects.
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
 * Flags that remove this machine's folders from panic messages. If two match, rustc uses the later.
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
