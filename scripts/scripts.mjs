// The package's JavaScript. Modules stay modules, so that whoever bundles a program takes what it uses and no more; the packages
// that they import are put beside them, since neither pages nor workers find packages by name. Scripts of workers are one file each.
import { join, relative } from "node:path";
import { build } from "esbuild";
import { ROOT } from "./processes.mjs";
import { filesBelow } from "./stamp.mjs";

/** @typedef {import("esbuild").BuildOptions} BuildOptions */
/** @typedef {import("esbuild").Plugin} Plugin */

/** Packages whose code goes into dist/vendor. */
export const VENDORS = ["comlink", "papaparse", "pickleparser", "unzipit", "valibot"];

/** @type {BuildOptions} */
const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  mainFields: ["module", "main"],
  // papaparse has a part for Node's streams, which nobody uses.
  define: { PAPA_BROWSER_CONTEXT: "true" },
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};

/**
 * Makes all scripts.
 * @param {string} out a folder
 */
export async function makeScripts(out) {
  const modules = filesBelow(join(ROOT, "ts")).filter(isModule);
  await build({
    ...COMMON,
    entryPoints: modules.map((file) => `ts/${file}`),
    outbase: "ts",
    outdir: out,
    plugins: [apart()],
  });
  await build({
    ...COMMON,
    entryPoints: Object.fromEntries(VENDORS.map((name) => [`vendor/${name}`, name])),
    outdir: out,
    plugins: [instead({ stream: "" })],
  });
  const worker = { ...COMMON, entryPoints: ["ts/session/worker.ts"] };
  const thread = "./ts/platform/webScripts.ts";
  await build({
    ...worker,
    outfile: join(out, "session/worker.js"),
    plugins: [instead({ stream: "", [thread]: OWN })],
  });
}

/**
 * Whether a file of ts becomes a module of its own.
 * @param {string} file
 */
const isModule = (file) => /(?<!\.d)\.m?[jt]s$/.test(file) && file !== "session/worker.ts";

/** Leaves imports as they are, but for packages' names, which become paths. @returns {Plugin} */
function apart() {
  return {
    name: "apart",
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, kind, importer }) => {
        if (kind === "entry-point") return undefined;
        if (!VENDORS.includes(path)) return { path, external: true };
        const folder = relative(join(ROOT, "ts"), join(importer, ".."));
        return {
          path: `${folder.replaceAll("\\", "/").replaceAll(/[^/]+/g, "..") || "."}/vendor/${path}.js`,
          external: true,
        };
      });
    },
  };
}
