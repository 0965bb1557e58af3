// The Rust toolchain of rust-toolchain.toml, which rustup installs.
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { capture, ROOT, show, which } from "./processes.mjs";
import { phase, Stop } from "./say.mjs";

/** What wasm is compiled for. */
export const TARGET = "wasm32-unknown-unknown";

/** @throws {Stop} if rustup or cargo is missing */
export function requireRustup() {
  const missing = ["rustup", "cargo"].filter((name) => !which(name)).join(" and ");
  if (missing === "") return;
  const home = join(process.env.CARGO_HOME ?? join(homedir(), ".cargo"), "bin");
  const help = which("rustup", home) ? `Add ${home} to the PATH` : "Install rustup from https://rustup.rs";
  throw new Stop(`${missing} not found on the PATH: needed to compile WebAssembly. ${help}, then run this again.`);
}

/**
 * Installs what is missing of the pinned toolchain.
 * @returns {{ sysroot: string, env: import("./processes.mjs").Environment, hasSources: boolean }} its folder, the
 *   environment that makes cargo and rustc use it, and whether it has the sources of `std`, which only threads need
 * @throws {Stop} if rustup or cargo is missing, or rustup fails
 */
export function ensureRust() {
  requireRustup();
  const channel = /^channel\s*=\s*"([^"]+)"/m.exec(readFileSync(join(ROOT, "rust-toolchain.toml"), "utf8"))?.[1];
  // RUSTUP_TOOLCHAIN takes precedence over rust-toolchain.toml: the user's own setting must not choose the compiler. And a
  // missing toolchain must not be installed silently.
  const env = { ...process.env, RUSTUP_TOOLCHAIN: channel, RUSTUP_AUTO_INSTALL: "0" };
  const look = () => {
    const sysroot = capture("rustc", ["--print", "sysroot"], { env }).stdout;
    const has = (/** @type {string} */ path) => sysroot !== "" && existsSync(join(sysroot, "lib/rustlib", path));
    return { sysroot, env, hasTarget: has(`${TARGET}/lib`), hasSources: has("src/rust/library/Cargo.lock") };
  };
  const found = look();
  if (found.hasTarget && found.hasSources) return found;
  const { RUSTUP_TOOLCHAIN: _, ...plain } = process.env; // or rustup would install that one, and not read the file
  const args = ["toolchain", "install", "--no-self-update"];
  phase(`installing Rust ${channel} through rustup`, "30 seconds", () => show("rustup", args, { env: plain }));
  const installed = look();
  if (installed.hasTarget) return installed;
  throw new Stop(
    `Rust ${channel} for ${TARGET} is missing and could not be installed. Try:\n  rustup ${args.join(" ")}`,
  );
}

/**
 * Adds a target that tests use if it is there.
 * @param {string} sysroot the toolchain's folder
 * @param {string} target
 * @param {import("./processes.mjs").Environment} env
 * @returns {boolean} whether it is there
 */
export function addTarget(sysroot, target, env) {
  const path = join(sysroot, "lib/rustlib", target, "lib");
  if (!existsSync(path)) {
    phase(`installing Rust's ${target} through rustup`, "10 seconds", () =>
      show("rustup", ["target", "add", target], { env }),
    );
  }
  return existsSync(path);
}
