// Makes in target/sizes what a program with one import needs at once, as its bundler would for browsers; size-limit holds the sizes of
// these files, and of those of dist, to what .size-limit.json says. What is imported when it is used stays outside.
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
