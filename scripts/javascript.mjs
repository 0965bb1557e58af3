// The package's JavaScript. Modules stay modules, so that whoever bundles a program takes what it uses and no more; the packages
// that they import stand beside them, since neither pages nor workers find packages by name. Scripts of workers are one file each.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build, transform } from "esbuild";
import { ROOT } from "./processes.mjs";
import { filesBelow } from "./stamp.mjs";

/** @typedef {import("esbuild").BuildOptions} BuildOptions */
/** @typedef {import("esbuild").Plugin} Plugin */

/**
 * Packages whose code goes into dist/vendor, and what is used of them; the command line has its own, which npm installs.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const VENDORS = {
  comlink: ["expose", "transfer", "transferHandlers", "wrap"],
  papaparse: ["default"],
  pickleparser: ["BufferReader", "Parser"],
  unzipit: ["unzipRaw"],
  valibot: [],
};

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
  for (const file of modules) await makeModule(file, out);
  // What wasm-bindgen made is put into the modules that hand it on, without its own loaders.
  const glue = ["wasm/glue.js", "tokenizers/glue.ts"].map((file) => `ts/${file}`);
  await build({ ...COMMON, entryPoints: glue, outbase: "ts", outdir: out });
  for (const [name, used] of Object.entries(VENDORS)) {
    const names = name === "valibot" ? await usedOfValibot(modules) : used;
    const stdin = { contents: `export { ${names.join(", ")} } from "${name}";`, resolveDir: ROOT };
    await build({ ...COMMON, stdin, outfile: join(out, `vendor/${name}.js`), plugins: [instead({ stream: "" })] });
  }
  const own = sourceOf("platform/ownScript.ts");
  const worker = { ...COMMON, entryPoints: ["ts/session/worker.ts"], external: ["node:*"], minify: true };
  const parts = { stream: "", "./ts/platform/webScripts.ts": own };
  await build({ ...worker, outfile: join(out, "session/worker.js"), plugins: [instead(parts)] });
  const browser = { ...parts, "./ts/platform/index.ts": sourceOf("platform/browser.ts") };
  await build({ ...worker, outfile: join(out, "session/browserWorker.js"), plugins: [instead(browser)] });
}

/** @param {string} file */
const sourceOf = (file) => readFileSync(join(ROOT, "ts", file), "utf8");

/**
 * Whether a file of ts becomes a module by itself.
 * @param {string} file
 */
const isModule = (file) =>
  /(?<!\.d)\.ts$/.test(file) &&
  !["session/worker.ts", "tokenizers/glue.ts"].includes(file) &&
  !file.startsWith("wasm/");

/**
 * Writes a module without its types; packages' names become paths.
 * @param {string} file in ts
 * @param {string} out
 */
async function makeModule(file, out) {
  const { code } = await transform(sourceOf(file), { loader: "ts", format: "esm", target: "es2022", charset: "utf8" });
  const vendor = `${relative(dirname(file), "vendor").replaceAll("\\", "/")}/`;
  const path = vendor.startsWith(".") ? vendor : `./${vendor}`;
  const named = new RegExp(`(from |import\\()"(${Object.keys(VENDORS).join("|")})"`, "g");
  const target = join(out, file.replace(/\.ts$/, ".js"));
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(
    target,
    code.replaceAll(named, (_, before, name) => `${before}"${path}${name}.js"`),
  );
}

/**
 * The functions of valibot that modules use, which call it `v`.
 * @param {readonly string[]} modules
 */
async function usedOfValibot(modules) {
  const sources = modules.map(sourceOf).filter((source) => source.includes('import * as v from "valibot"'));
  const names = new Set(
    sources.flatMap((source) => [...source.matchAll(/\bv\.(\w+)/g)].map((match) => match[1] ?? "")),
  );
  const valibot = await import("valibot");
  return [...names].filter((name) => name in valibot).sort(); // others are types
}

/**
 * Takes other code for some modules.
 * @param {Record<string, string>} modules the code, by a package's name or a path from the project's folder, which begins with "./"
 * @returns {Plugin}
 */
function instead(modules) {
  return {
    name: "instead",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[a-z]/ }, ({ path }) => (path in modules ? { path, namespace: "instead" } : undefined));
      onLoad({ filter: /.*/, namespace: "instead" }, ({ path }) => ({ contents: modules[path] ?? "" }));
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = modules[`./${relative(ROOT, path).replaceAll("\\", "/")}`];
        return contents === undefined ? undefined : { contents, loader: "ts" };
      });
    },
  };
}
