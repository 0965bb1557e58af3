// A page that makes one prediction, as a bundler would build it, served as a good server would send it.
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { ROOT } from "./folders.mjs";
import { Unavailable } from "./unavailable.mjs";

/** Where a prediction is made: beside the page, or on its own thread. */
const PAGES = {
  session: `import { createSession } from "roformer/session";
    const session = await createSession();
    const model = await session.load(new URL("/model", location).href);
    globalThis.done(await model.classify("a first text"));`,
  page: `import { RoFormer } from "roformer";
    const model = await RoFormer.load(new URL("/model", location).href);
    globalThis.done(await model.classify("a first text"));`,
};

/** @typedef {{ ms: number, bytes: number, model: number, files: Record<string, number> }} Visit */

const TYPES = {
  ".js": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".txt": "text/plain",
};

/**
 * Visits a page with an empty cache, until its first prediction.
 * @param {keyof typeof PAGES} where
 * @param {ReadonlyMap<string, Uint8Array>} model files
 * @param {number} times
 * @returns {Promise<Visit[]>} milliseconds from navigation, and bytes that were sent, those of the model apart
 */
export async function visits(where, model, times) {
  const site = new Map([...(await scripts(where)), ...[...model].map(([name, bytes]) => [`/model/${name}`, bytes])]);
  const { server, url, sent } = await serve(site);
  const browser = await open();
  try {
    const found = [];
    for (let i = 0; i < times; i++) found.push(await visit(browser, url, sent));
    return found;
  } finally {
    await browser.close();
    server.close();
  }
}

async function open() {
  const { chromium } = await import("playwright-core");
  const executablePath = (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)))
    .find(existsSync);
  if (!executablePath) throw new Unavailable("there is no Chromium");
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** What a bundler makes of the page, and the files that it copies, by their paths. */
async function scripts(where) {
  const stdin = { contents: PAGES[where], resolveDir: ROOT };
  const how = /** @type {const} */ ({ bundle: true, splitting: true, minify: true, format: "esm", write: false });
  const { outputFiles } = await build({ ...how, stdin, platform: "browser", target: "es2022", outdir: "/app" });
  const html = `<!doctype html><title>one prediction</title><script type="module">
    globalThis.done = (found) => { globalThis.found = { found, ms: performance.now() }; };
  </script><script type="module" src="/app/stdin.js"></script>`;
  const dist = (file) => [`/${file}`, readFileSync(join(ROOT, "dist", file))];
  const variants = ["simd", "relaxed", "simd-threads", "relaxed-threads"].map((name) => `wasm/${name}/core_bg.wasm`);
  return [
    ["/", new TextEncoder().encode(html)],
    ...outputFiles.map(({ path, contents }) => [path, contents]),
    ...["session/worker.js", "wasm/tokenizer/tokenizer_bg.wasm", ...variants].map(dist),
  ];
}

/** A server that notes what it sent. */
async function serve(site) {
  /** @type {Record<string, number>} */
  const sent = {};
  const zipped = new Map([...site].map(([path, bytes]) => [path, gzipSync(bytes, { level: 9 })]));
  const isolation = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    // Ranges are asked for as they are.
    const isZipped = /\bgzip\b/.test(String(request.headers["accept-encoding"]));
    const body = (isZipped ? zipped : site).get(path);
    if (!body) return response.writeHead(404).end();
    sent[path] = (sent[path] ?? 0) + body.length;
    const type = path === "/" ? "text/html" : (TYPES[extname(path)] ?? "application/octet-stream");
    response
      .writeHead(200, { "Content-Type": type, ...(isZipped && { "Content-Encoding": "gzip" }), ...isolation })
      .end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  return { server, sent, url: `http://127.0.0.1:${server.address().port}/` };
}

async function visit(browser, url, sent) {
  for (const path of Object.keys(sent)) delete sent[path];
  const context = await browser.newContext(); // with a cache of its own
  const page = await context.newPage();
  const failed = new Promise((_, reject) => page.on("pageerror", reject));
  await page.goto(url);
  const ready = page.waitForFunction(() => globalThis.found !== undefined, undefined, { polling: 5, timeout: 60_000 });
  await Promise.race([ready, failed]);
  const { ms } = await page.evaluate(() => globalThis.found);
  await context.close();
  const total = (of) => Object.entries(sent).reduce((sum, [path, size]) => sum + (of(path) ? size : 0), 0);
  const isModel = (path) => path.startsWith("/model/");
  return { ms, bytes: total((path) => !isModel(path)), model: total(isModel), files: { ...sent } };
}
