// The package's JavaScript. Modules stay separate, so that bundlers include only what a program uses; the packages
// that they import are put beside them, since pages and workers cannot resolve packages by name. Each worker script is one file.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";
import { ROOT } from "./processes.mjs";
import { Stop } from "./say.mjs";
import { filesBelow } from "./stamp.mjs";

/** @typedef {import("esbuild").BuildOptions} BuildOptions */
/** @typedef {import("esbuild").Plugin} Plugin */

/**
 * Packages whose code goes into dist/vendor, and the exports that are used; those of the command line are installed by npm.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const VENDORS = {
  "@bufbuild/protobuf/wire": ["BinaryWriter", "WireType"],
  comlink: ["expose", "transfer", "transferHandlers", "wrap"],
  "d3-scale": ["scaleLinear"],
  "d3-shape": ["area", "line"],
  "hyparquet/src/index.js": ["parquetMetadataAsync", "parquetReadObjects", "parquetSchema"],
  papaparse: ["default"],
  pickleparser: ["BufferReader", "Parser"],
  unzipit: ["unzipRaw"],
  valibot: [],
};

/** What these packages bring with them into dist/vendor. */
export const BROUGHT = ["d3-array", "d3-color", "d3-format", "d3-interpolate", "d3-path"];

/** @type {BuildOptions} */
const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  mainFields: ["module", "main"],
  define: { PAPA_BROWSER_CONTEXT: "true" },
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};

/** Names are shortened too: stack traces of workers are less readable, but a page loads a fifth less. Errors carry the caller's stack. */
const SMALLER = { minifyWhitespace: true, minifySyntax: true, minifyIdentifiers: true };

/**
 * Makes all scripts.
 * @param {string} out a folder
 */
export async function makeScripts(out) {
  const modules = filesBelow(join(ROOT, "ts")).filter(isModule);
  for (const file of modules) await makeModule(file, out);
  // wasm-bindgen's glue is bundled into the modules that re-export it, without its loaders.
  const glue = ["wasm/glue.js", "tokenizers/glue.ts"].map((file) => `ts/${file}`);
  await build({ ...COMMON, entryPoints: glue, outbase: "ts", outdir: out });
  for (const [name, used] of Object.entries(VENDORS)) {
    const names = name === "valibot" ? await usedOfValibot(modules) : used;
    const stdin = { contents: `export { ${names.join(", ")} } from "${name}";`, resolveDir: ROOT };
    await build({ ...COMMON, stdin, outfile: join(out, `vendor/${name}.js`), plugins: [instead(unused())] });
  }
  // Without an export the script would not be recognized as a module.
  const footer = { js: "export {};" };
  const worker = { ...COMMON, entryPoints: ["ts/session/worker.ts"], external: ["node:*"], footer, ...SMALLER };
  const parts = {
    ...unused(),
    "./ts/platform/webScripts.ts": sourceOf("instead/webScriptsOfWorker.ts"),
    "./ts/options.ts": sourceOf("instead/optionsOfWorker.ts"),
    "./ts/data/parquet.ts": sourceOf("instead/parquetOfWorker.ts"),
    "./ts/train/watched.ts": sourceOf("instead/watchedOfWorker.ts"),
    "./ts/train/bagOfWords/options.ts": sourceOf("instead/bagOfWordsOptionsOfWorker.ts"),
  };
  await build({ ...worker, outfile: join(out, "session/worker.js"), plugins: [instead(parts), withoutNames] });
  const browser = {
    ...parts,
    "./ts/platform/index.ts": sourceOf("platform/browser.ts"),
    "./ts/train/card.ts": sourceOf("instead/cardOfPage.ts"),
    "./ts/train/glue.ts": sourceOf("instead/glueOfPage.ts"),
  };
  await build({ ...worker, outfile: join(out, "session/browserWorker.js"), plugins: [instead(browser), withoutNames] });
  await makeInlined(out);
}

/**
 * The unused parts of papaparse: writing, guessing delimiters, reading streams, and starting itself as a worker, whose source is a string that
 * bundlers mistake for CommonJS.
 */
const UNUSED_OF_PAPAPARSE =
  "JsonToCsv NetworkStreamer FileStreamer ReadableStreamStreamer DuplexStreamStreamer guessDelimiter getWorkerBlob newWorker mainThreadReceivedMessage workerThreadReceivedMessage";

/**
 * Packages without unused parts that bundlers would follow or warn about, or that are large: Node's streams and some functions in
 * papaparse; the workers in unzipit.
 * @returns {Record<string, string>} for {@link instead}
 */
const unused = () => ({
  stream: "",
  ...without("papaparse/papaparse.js", UNUSED_OF_PAPAPARSE.split(" ").map(bodyOf), "$2}"),
  ...without("unzipit/dist/unzipit.module.js", [/await import\(moduleId\)/], "{}"),
});

/**
 * Matches a function by name, in a source indented by tabs; captures its head.
 * @param {string} name
 */
const bodyOf = (name) => new RegExp(`(?<=\\n(\\t+))(function ${name}\\(.*\\)\\s*\\{)[^]*?\\n\\1\\}`);

/**
 * A package's module with parts removed.
 * @param {string} file in node_modules
 * @param {readonly RegExp[]} parts
 * @param {string} instead of each
 * @throws {Stop} if a part no longer exists
 */
function without(file, parts, instead) {
  const path = `node_modules/${file}`;
  let source = readFileSync(join(ROOT, path), "utf8");
  for (const part of parts) {
    if (!part.test(source)) throw new Stop(`${path} no longer contains ${part}: what should be left out instead?`);
    source = source.replace(part, instead);
  }
  return { [`./${path}`]: source };
}

/** The wasm modules of the inlined build, by their names in packageFiles.ts. */
const WASM = {
  ...Object.fromEntries(
    ["simd", "relaxed", "simd-threads", "relaxed-threads"].map((name) => [name, `${name}/core_bg.wasm`]),
  ),
  tokenizer: "tokenizer/tokenizer_bg.wasm",
};

/**
 * Makes one module with everything inside; files other than JavaScript are strings.
 * @param {string} out where the script of workers is
 */
async function makeInlined(out) {
  const there = Object.entries(WASM).filter(([, file]) => existsSync(join(ROOT, "ts/wasm", file)));
  const zipped = (/** @type {string} */ file) => gzipSync(readFileSync(join(ROOT, "ts/wasm", file)), { level: 9 });
  const files = Object.fromEntries(there.map(([name, file]) => [name, zipped(file).toString("base64")]));
  const parts = (/** @type {object} */ texts) => ({
    ...unused(),
    inlined: Object.entries(texts)
      .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
      .join("\n"),
    "./ts/platform/packageFiles.ts": sourceOf("instead/packageFilesInlined.ts"),
    "./ts/platform/nodeScripts.ts": sourceOf("instead/nodeScriptsInlined.ts"),
    "./ts/data/parquet.ts": sourceOf("instead/parquetOfWorker.ts"),
  });
  // Classic scripts: Node does not run modules from strings.
  const script = async (/** @type {string} */ entry, /** @type {Record<string, string>} */ modules) => {
    const how = /** @type {const} */ ({ format: "iife", write: false, ...SMALLER });
    const given = { entryPoints: [entry], external: ["node:*"], plugins: [instead(modules)] };
    // import.meta is used only by wasm-bindgen's loaders, which are left out.
    const { outputFiles } = await build({
      ...COMMON,
      ...how,
      ...given,
      logOverride: { "empty-import-meta": "silent" },
    });
    return outputFiles[0]?.text ?? "";
  };
  const thread = await script("ts/engine/wasm/poolWorker.mjs", {});
  const web = "./ts/platform/webScripts.ts";
  const own = {
    [web]: sourceOf("instead/webScriptsOfWorker.ts"),
    "./ts/train/watched.ts": sourceOf("instead/watchedOfWorker.ts"),
  };
  const worker = await script("ts/session/worker.ts", { ...parts({ files: {}, worker: "", thread }), ...own });
  const modules = { ...parts({ files, worker, thread }), [web]: sourceOf("instead/webScriptsInlined.ts") };
  const entry = { entryPoints: ["ts/inline.ts"], external: ["node:*"], outfile: join(out, "inline.js") };
  await build({ ...COMMON, ...entry, plugins: [instead(modules)] });
}

/** @param {string} file */
const sourceOf = (file) => readFileSync(join(ROOT, "ts", file), "utf8");

/**
 * Whether a file of ts becomes a separate module.
 * @param {string} file
 */
const isModule = (file) => /(?<!\.d)\.ts$/.test(file) && !OTHER_WAYS.test(file);

/** Modules that are built in another way, or are parts of others. */
const OTHER_WAYS = /^((wasm|instead)\/.*|session\/worker\.ts|tokenizers\/glue\.ts|inline\.ts)$/;

/**
 * Writes a module without types; replaces names of packages by paths.
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
 * The functions of valibot that modules use; they import it as `v`.
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
 * Empties the tables of option names (`Names` of ts/options.ts), which are not checked in a worker. Those
 * of pipelines stay: the worker sends them to the caller's side.
 * @type {Plugin}
 */
const withoutNames = {
  name: "without-names",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]ts[\\/].*\.ts$/ }, ({ path }) => {
      if (/[\\/]pipelines[\\/]/.test(path)) return undefined;
      const contents = readFileSync(path, "utf8").replace(/(: Names<\w+>) = [^;]+;/g, "$1 = {} as never;");
      return { contents, loader: "ts" };
    });
  },
};

/**
 * Replaces the code of some modules.
 * @param {Record<string, string>} modules the code, by a package's name or a path from the project's folder, which begins with "./"
 * @returns {Plugin}
 */
function instead(modules) {
  return {
    name: "instead",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^[a-z]/ }, ({ path }) => (path in modules ? { path, namespace: "instead" } : undefined));
      onLoad({ filter: /.*/, namespace: "instead" }, ({ path }) => ({ contents: modules[path] ?? "" }));
      onLoad({ filter: /\.[jt]s$/ }, ({ path }) => {
        const contents = modules[`./${relative(ROOT, path).replaceAll("\\", "/")}`];
        return contents === undefined ? undefined : { contents, loader: path.endsWith(".ts") ? "ts" : "js" };
      });
    },
  };
}
