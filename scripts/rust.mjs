// The Rust toolchain: what must be there, and how rustup adds what is missing.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { capture, ROOT, show, which } from "./processes.mjs";
import { phase, Stop } from "./say.mjs";

/** What wasm is compiled for. */
export const TARGET = "wasm32-unknown-unknown";

const EXE = process.platform === "win32" ? ".exe" : "";

/** Where a component of the toolchain can be seen, below its folder. */
const PLACES = {
  rustfmt: `bin/cargo-fmt${EXE}`,
  clippy: `bin/cargo-clippy${EXE}`,
};

/** Where the sources of `std` can be seen. */
const SOURCES = "lib/rustlib/src/rust/library/Cargo.lock";

/** @throws {Stop} where rustup or cargo is missing */
export function requireRustup() {
  const missing = ["rustup", "cargo"].filter((name) => !which(name));
  if (missing.length > 0) throw new Stop(withoutRustup(missing));
}

/**
 * Makes sure that the pinned toolchain, its wasm target and `components` are there, through rustup. The sources of `std` are
 * wanted too, but only threads need them.
 * @param {(keyof typeof PLACES)[]} components
 * @returns {{ sysroot: string, env: import("./processes.mjs").Environment, hasSources: boolean }} its folder, the
 *   environment that makes cargo and rustc use it, and whether the sources are there
 * @throws {Stop} where rustup or cargo is missing, or rustup fails
 */
export function ensureRust(components = []) {
  requireRustup();
  const channel = pinned();
  // RUSTUP_TOOLCHAIN wins over rust-toolchain.toml: without this a user's own setting would choose the compiler.
  const env = { ...process.env, RUSTUP_TOOLCHAIN: channel };
  const args = ["toolchain", "install", channel, "--no-self-update", "--profile", "minimal"];
  const found =
    sysrootOf(channel, env) ?? install(`Rust ${channel}`, "30 seconds", args, () => sysrootOf(channel, env));
  const parts = [
    { what: TARGET, path: `lib/rustlib/${TARGET}/lib`, args: ["target", "add", "--toolchain", channel, TARGET] },
    ...components.map((what) => ({
      what,
      path: PLACES[what],
      args: ["component", "add", "--toolchain", channel, what],
    })),
  ];
  for (const { what, path, args } of parts) {
    const present = () => existsSync(join(found, path)) || undefined;
    present() ?? install(`Rust's ${what}`, "10 seconds", args, present);
  }
  return { sysroot: found, env, hasSources: addOptional("component", "rust-src", join(found, SOURCES)) };
}

/**
 * Adds a target that is of use but not needed.
 * @param {string} sysroot the toolchain's folder
 * @param {string} target
 * @returns {boolean} whether it is there
 */
export function addTarget(sysroot, target) {
  return addOptional("target", target, join(sysroot, `lib/rustlib/${target}/lib`));
}

/**
 * Adds a part of the toolchain that may be missing in the end.
 * @param {"component" | "target"} kind
 * @param {string} name
 * @param {string} path where it can be seen
 * @returns {boolean} whether it is there
 */
function addOptional(kind, name, path) {
  const args = [kind, "add", "--toolchain", pinned(), name];
  if (!existsSync(path)) phase(`installing Rust's ${name} through rustup`, "10 seconds", () => show("rustup", args));
  return existsSync(path);
}

/**
 * Runs rustup as a phase; afterwards `check` must find something.
 * @template T
 * @param {string} what
 * @param {string} estimate
 * @param {string[]} args
 * @param {() => T | undefined} check
 * @returns {T}
 */
function install(what, estimate, args, check) {
  phase(`installing ${what} through rustup`, estimate, () => show("rustup", args));
  const found = check();
  if (found === undefined)
    throw new Stop(`${what} is missing and rustup could not install it. Try:\n  rustup ${args.join(" ")}`);
  return found;
}

/** The version in rust-toolchain.toml. */
function pinned() {
  const text = readFileSync(join(ROOT, "rust-toolchain.toml"), "utf8");
  const channel = /^channel\s*=\s*"([^"]+)"/m.exec(text)?.[1];
  if (!channel) throw new Stop("rust-toolchain.toml names no channel");
  return channel;
}

/**
 * The folder of the toolchain, or undefined where it is not installed.
 * @param {string} channel
 * @param {import("./processes.mjs").Environment} env
 */
function sysrootOf(channel, env) {
  // The list is asked first: `rustc` of a missing toolchain would make rustup install it without a word of ours.
  const listed = capture("rustup", ["toolchain", "list"], { env }).stdout.split(/\r?\n/);
  if (!listed.some((line) => line.split(" ")[0] === channel || line.startsWith(`${channel}-`))) return undefined;
  const rustc = capture("rustc", ["--print", "sysroot"], { env });
  return rustc.ok ? rustc.stdout : undefined;
}

/** @param {string[]} missing */
function withoutRustup(missing) {
  const names = `${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"}`;
  const home = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "bin");
  const again = "Then open a new terminal and run this command again.";
  if (missing.every((name) => which(name, home))) {
    const command = EXE ? `set PATH=${home}${delimiter}%PATH%` : `export PATH="${home}${delimiter}$PATH"`;
    return `${names} needed to compile WebAssembly, installed in ${home}, but not on the PATH. Run:\n  ${command}`;
  }
  const command = EXE
    ? "winget install Rustlang.Rustup"
    : "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh";
  return `${names} needed to compile WebAssembly, and missing. Install rustup (https://rustup.rs):\n  ${command}\n${again}`;
}
