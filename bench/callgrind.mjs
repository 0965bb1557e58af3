// Instructions of the native kernels, counted by callgrind: exact where times are too noisy. `--help` says more.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkoutOf, Stop } from "./commits.mjs";
import { CACHE, ROOT } from "./folders.mjs";

const USAGE = `node bench/callgrind.mjs [KERNEL ...] [--base COMMIT]

Counts the instructions of one call of each KERNEL (all without any) in a native release build, here and, with --base, at
COMMIT. Needs valgrind and cargo.`;

/** Cargo's file of a program that stands outside the workspace, so that a change of a kernel's arguments breaks this alone. */
const manifest = (kernels) => `[package]
name = "count"
version = "0.0.0"
edition = "2024"
publish = false

[dependencies]
kernels = { path = ${JSON.stringify(kernels)} }

[profile.release]
lto = "fat"
codegen-units = 1
panic = "abort"

[workspace]
`;

/**
 * The program built on the kernels of `checkout`.
 * @param {string} checkout
 * @param {string} title
 */
function build(checkout, title) {
  const folder = join(CACHE, "callgrind", title);
  mkdirSync(join(folder, "src"), { recursive: true });
  // Another commit's program knows the arguments of that commit's kernels.
  const own = join(checkout, "bench/callgrind/count.rs");
  copyFileSync(existsSync(own) ? own : join(ROOT, "bench/callgrind/count.rs"), join(folder, "src/main.rs"));
  writeFileSync(join(folder, "Cargo.toml"), manifest(join(checkout, "crates/kernels")));
  const target = join(folder, "target");
  const args = ["build", "--release", "--offline", "--quiet", "--manifest-path", join(folder, "Cargo.toml")];
  console.error(`> building the kernels of ${title} for this machine`);
  const { status, stderr } = spawnSync("cargo", [...args, "--target-dir", target], { cwd: ROOT, encoding: "utf8" });
  if (status === 0) return join(target, "release/count");
  const why = /^error.*$/m.exec(stderr ?? "")?.[0] ?? "cargo could not be started";
  throw new Stop(`${title}: bench/callgrind/count.rs does not build on its kernels: ${why}`);
}

/**
 * Instructions of one call: what a second one adds.
 * @param {string} program
 * @param {string} kernel
 */
function instructions(program, kernel) {
  const [one, two] = [1, 2].map((times) => {
    const args = ["--tool=callgrind", "--callgrind-out-file=/dev/null", program, kernel, String(times)];
    const { stderr } = spawnSync("valgrind", args, { encoding: "utf8" });
    const collected = /Collected : (\d+)/.exec(stderr)?.[1];
    if (collected === undefined)
      throw new Stop(`${kernel}: valgrind counted nothing: ${stderr.trim().split("\n").at(-1)}`);
    return Number(collected);
  });
  return two - one;
}

function main() {
  const options = /** @type {const} */ ({ base: { type: "string" }, help: { type: "boolean", short: "h" } });
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  if (values.help) return console.log(USAGE);
  if (spawnSync("valgrind", ["--version"]).status !== 0) return console.log("skipped: valgrind is not installed");
  const base = values.base === undefined ? undefined : checkoutOf(values.base);
  const here = build(ROOT, "this");
  const there = base && build(base.folder, base.commit.slice(0, 7));
  const all = spawnSync(here, { encoding: "utf8" }).stdout.trim().split("\n");
  const unknown = positionals.find((name) => !all.includes(name));
  if (unknown !== undefined) throw new Stop(`no kernel is called ${unknown}; there are ${all.join(", ")}`);
  for (const kernel of positionals.length > 0 ? positionals : all) {
    const now = instructions(here, kernel);
    const before = there && instructions(there, kernel);
    const ratio = before ? `  ${values.base} ${before}  this / ${values.base} ${(now / before).toFixed(4)}` : "";
    console.log(`${kernel.padEnd(22)} ${String(now).padStart(11)} instructions${ratio}`);
  }
}

try {
  main();
} catch (error) {
  const plain = error instanceof Stop || String(error.code).startsWith("ERR_PARSE_ARGS");
  console.error(plain ? error.message : error);
  process.exitCode = plain ? 2 : 1;
}
