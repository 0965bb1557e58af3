// One bundler at work in the current folder: `node bundlers.mjs TASK TOOLS`. Prints JSON when it is done; a server prints its URL, and
// serves until it is killed.
import { cpSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [task = "", tools = ""] = process.argv.slice(2);
const { resolve } = createRequire(join(tools, "package.json"));
const load = (path) => import(pathToFileURL(path).href);
const vite = (name) => load(join(tools, "node_modules", name, "dist/node/index.js"));

/** What allows threads. */
const ISOLATION = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
/** Where the bundle goes: a server of what was built is told `NAME preview`. */
const SITE = `site-${task.split(" ")[0]}`;
const QUIET = { logLevel: "error", root: process.cwd(), configFile: false, cacheDir: `.cache/${task}` };

/** Bundlers that leave literals of `new URL` as they are: what these name has to stand one level above the bundle. */
const copyFiles = () => {
  for (const name of ["session", "wasm"])
    cpSync(`node_modules/roformer/dist/${name}`, `${SITE}/${name}`, { recursive: true });
};

/** Starts one of Vite's servers. */
async function serve(name, how, headers, plugins) {
  const { createServer, preview } = await vite(name);
  const config = { ...QUIET, plugins, build: { outDir: SITE } };
  const server =
    how === "dev"
      ? await createServer({ ...config, server: { port: 0, headers } })
      : await preview({ ...config, preview: { port: 0, headers } });
  if (how === "dev") await server.listen();
  console.log(JSON.stringify({ url: server.resolvedUrls.local[0] }));
}

const viteBuild = async (name) => {
  const { build } = await vite(name);
  await build({ ...QUIET, build: { outDir: SITE } });
};

const ofProject = async () => (await load(resolveOfProject("roformer/vite"))).default;
const resolveOfProject = (name) => createRequire(join(process.cwd(), "package.json")).resolve(name);

const TASKS = {
  vite8: () => viteBuild("vite"),
  vite7: () => viteBuild("vite7"),
  "vite8 dev": () => serve("vite", "dev", {}, []),
  "vite8 dev isolated": () => serve("vite", "dev", ISOLATION, []),
  "vite8 preview": () => serve("vite", "preview", {}, []),
  "vite8 preview isolated": () => serve("vite", "preview", ISOLATION, []),
  // The plugin sends the headers.
  "vite8 plugin isolated": async () => serve("vite", "dev", {}, [(await ofProject())()]),
  "vite8 plugin": async () => serve("vite", "dev", {}, [(await ofProject())({ isolate: false })]),
  "vite7 plugin isolated": async () => serve("vite7", "dev", {}, [(await ofProject())()]),
  "vite7 plugin": async () => serve("vite7", "dev", {}, [(await ofProject())({ isolate: false })]),
  async ssr() {
    const { build } = await vite("vite");
    await build({ ...QUIET, build: { ssr: "ssr.mjs", outDir: "server" } });
  },
  async webpack() {
    const { default: webpack } = await load(resolve("webpack"));
    const output = { path: join(process.cwd(), SITE), publicPath: "auto", filename: "app/main.js" };
    const stats = await new Promise((done, fail) =>
      webpack({ mode: "production", entry: "./page.js", output, performance: { hints: false } }, (error, stats) =>
        error ? fail(error) : done(stats),
      ),
    );
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString());
  },
  async esbuild() {
    const { build } = await load(resolve("esbuild"));
    const entry = { entryPoints: ["page.js"], outfile: `${SITE}/app/main.js` };
    await build({ ...entry, bundle: true, format: "esm", minify: true, logLevel: "error" });
    copyFiles();
  },
  async rollup() {
    const { rollup } = await load(resolve("rollup"));
    const { nodeResolve } = await load(resolve("@rollup/plugin-node-resolve"));
    const onwarn = ({ message }) => {
      throw new Error(message);
    };
    const bundle = await rollup({ input: "page.js", plugins: [nodeResolve({ browser: true })], onwarn });
    await bundle.write({ dir: `${SITE}/app`, entryFileNames: "main.js", format: "es" });
    await bundle.close();
    copyFiles();
  },
};

const body = TASKS[task];
if (body === undefined) throw new Error(`"${task}" is not one of ${Object.keys(TASKS).join(", ")}`);
await body();
if (!/dev|preview|plugin/.test(task)) console.log("{}");
