// Bundles programs with a single import for browsers, in target/sizes; size-limit checks the sizes of
// these files and of files of dist against .size-limit.json. Dynamic imports are left out.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT, showNode } from "./processes.mjs";

const OUT = join(ROOT, "target/sizes");

/** Programs, by the names of their files. */
const PROGRAMS = {
  core: 'export { RoFormer } from "roformer";',
  session: 'export { createSession } from "roformer/session";',
};

/** @type {import("esbuild").Plugin} */
const leaveOutLater = {
  name: "leave-out-later",
  setup({ onResolve }) {
    onResolve({ filter: /./ }, ({ kind, path }) => (kind === "dynamic-import" ? { path, external: true } : undefined));
  },
};

rmSync(OUT, { recursive: true, force: true });
for (const [name, contents] of Object.entries(PROGRAMS)) {
  await build({
    absWorkingDir: ROOT,
    stdin: { contents, resolveDir: ROOT },
    outfile: join(OUT, `${name}.js`),
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    plugins: [leaveOutLater],
    logLevel: "warning",
  });
}
process.exitCode = showNode("size-limit/bin.js", []) ? 0 : 1;
