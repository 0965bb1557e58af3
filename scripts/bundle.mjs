// The package's JavaScript: esbuild puts the sources, and the packages that they use, into few files. Everything that refers to
// another file stands one folder deep, as in ts/: `new URL("../wasm/…", import.meta.url)` then leads to the same place.
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./processes.mjs";

/** @typedef {import("esbuild").BuildOptions} BuildOptions */
/** @typedef {import("esbuild").Plugin} Plugin */

/** What the command line alone uses: real dependencies, which npm installs. */
const EXTERNAL = ["commander", "yaml", "cli-progress", "picocolors"];

/** @type {BuildOptions} */
const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  mainFields: ["module", "main"],
  external: ["node:*", ...EXTERNAL],
  // papaparse has a part for Node's streams, which nobody uses.
  define: { PAPA_BROWSER_CONTEXT: "true" },
  plugins: [instead({ stream: "" })],
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};

/** Entries by what they are called in dist; those of browsers stand in dist/browser, side by side. */
const ENTRIES = { index: "index", train: "train/index", nn: "nn/index", session: "session/index" };

/**
 * Makes all scripts.
 * @param {string} out a folder
 */
export async function bundle(out) {
  const named = Object.values(ENTRIES).map((name) => [name, `ts/${name}.ts`]);
  const splitting = { splitting: true, outdir: out };
  await build({
    ...COMMON,
    ...splitting,
    // The engine itself is for the tests of threads; it is not published.
    entryPoints: Object.fromEntries([
      ...named,
      ["cli/index", "ts/cli/index.ts"],
      ["engine/engine", "ts/engine/engine.ts"],
    ]),
    chunkNames: "chunks/[name]-[hash]",
  });
  await build({
    ...COMMON,
    ...splitting,
    outdir: join(out, "browser"),
    entryPoints: Object.fromEntries(Object.entries(ENTRIES).map(([name, path]) => [name, `ts/${path}.ts`])),
    chunkNames: "[name]-[hash]",
    plugins: [
      instead({ stream: "", "./ts/platform/index.ts": readFileSync(join(ROOT, "ts/platform/browser.ts"), "utf8") }),
    ],
  });
  // Workers are whole: not every bundler can divide theirs.
  await build({ ...COMMON, entryPoints: ["ts/session/worker.ts"], outfile: join(out, "session/worker.js") });
  await build({ ...COMMON, entryPoints: ["ts/engine/poolWorker.mjs"], outfile: join(out, "engine/poolWorker.mjs") });
}

/**
 * Takes other code for some modules.
 * @param {Record<string, string>} modules the code, by a package's name or a path from the project's folder, which begins with "./"
 * @returns {Plugin}
 */
function instead(modules) {
  const paths = new Map(Object.entries(modules).filter(([name]) => name.startsWith("./")));
  return {
    name: "instead",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[a-z]/ }, ({ path }) => (path in modules ? { path, namespace: "instead" } : undefined));
      onLoad({ filter: /.*/, namespace: "instead" }, ({ path }) => ({ contents: modules[path] }));
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = paths.get(`./${relative(ROOT, path).replaceAll("\\", "/")}`);
        return contents === undefined ? undefined : { contents, loader: "ts" };
      });
    },
  };
}
