// Another commit's package: checked out and built beside this one, and kept for the next time.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, ROOT } from "./folders.mjs";
import { npm } from "./install.mjs";

const COMMITS = join(CACHE, "commits");

/** A failure whose message is all that the user needs. */
export class Stop extends Error {}

/** @param {string[]} args */
const git = (...args) =>
  execFileSync("git", args, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

/**
 * The package as it was at `revision`: its `dist`, and what the table calls it.
 * @param {string} revision anything that git takes for a commit
 */
export function packageAt(revision) {
  const { commit, folder } = checkoutOf(revision);
  const done = `${folder}.built`;
  if (!existsSync(done)) build(commit, folder);
  writeFileSync(done, "");
  return { title: `${revision} (${commit.slice(0, 7)})`, dist: join(folder, "dist") };
}

/**
 * The files of `revision`, in a worktree of their own.
 * @param {string} revision
 */
export function checkoutOf(revision) {
  const commit = resolve(revision);
  const folder = join(COMMITS, commit);
  if (!existsSync(folder)) {
    forgetOthers();
    mkdirSync(COMMITS, { recursive: true });
    git("worktree", "add", "--force", "--detach", folder, commit);
  }
  return { commit, folder };
}

/** @param {string} revision */
function resolve(revision) {
  try {
    return git("rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`);
  } catch {
    throw new Stop(`--base: ${revision} names no commit here`);
  }
}

/**
 * @param {string} commit
 * @param {string} folder
 */
function build(commit, folder) {
  console.error(`> building ${commit.slice(0, 7)} in ${folder} (some minutes, once)`);
  const modules = join(folder, "node_modules");
  if (!existsSync(modules)) symlinkSync(join(ROOT, "node_modules"), modules, "junction");
  // The build takes a module for its own if its sources are the same, whoever made it.
  const wasm = "ts/wasm";
  if (existsSync(join(ROOT, wasm))) cpSync(join(ROOT, wasm), join(folder, wasm), { recursive: true });
  if (!npm(["run", "build"], folder)) throw new Stop(`--base: ${commit.slice(0, 7)} could not be built: see above`);
}

/** One commit is kept: a build with its compiler's files has half a GB. */
function forgetOthers() {
  if (!existsSync(COMMITS)) return;
  for (const name of readdirSync(COMMITS)) {
    if (/^[0-9a-f]{40}$/.test(name)) git("worktree", "remove", "--force", join(COMMITS, name));
    else rmSync(join(COMMITS, name));
  }
}
