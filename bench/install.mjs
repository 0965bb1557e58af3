// The peers: installed here when they are first needed, since they are no part of what the package depends on.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { ROOT } from "./folders.mjs";
import { installedVersion, wanted } from "./peers/installed.mjs";

/**
 * Runs npm by its script: on Windows `npm` is a .cmd file, which cannot be started without a shell.
 * @param {string[]} args
 * @param {string} folder
 * @returns {boolean} whether its exit code was 0
 */
export function npm(args, folder) {
  const script = process.env.npm_execpath ?? "";
  const [program, first] =
    /^npm(-cli)?\.c?js$/.test(basename(script)) && existsSync(script) ? [process.execPath, [script]] : ["npm", []];
  return spawnSync(program, [...first, ...args], { cwd: folder, stdio: ["ignore", 2, 2] }).status === 0;
}

/** Installs what bench/package.json names, at the versions of its lock file; says so. */
export function installPeers() {
  if (Object.entries(wanted).every(([name, version]) => installedVersion(name) === version)) return;
  console.error("> installing the peers into bench/node_modules, once (290 MB, about 15 seconds)");
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", join(ROOT, "bench")];
  if (!npm(args, ROOT))
    console.error(`  they could not be installed, so their rows will be missing: npm ${args.join(" ")}`);
}
