import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it, type TestContext } from "vitest";
import { needChromium } from "../chromium.js";
import { needThreads } from "../threaded.js";
import { type Answer, answerOfNode, expectSame } from "./answers.js";
import { ask, open } from "./pages.js";
import { newProject } from "./project.js";
import { ISOLATION, serveFolder } from "./server.js";
import { html, makeSite, PLAIN } from "./site.js";

const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

let made: Promise<string> | undefined;
/** A project whose folder `page` has a page with `program/chromium.js`. */
async function ready(ctx: TestContext) {
  const browser = await needChromium(ctx);
  made ??= newProject(ctx, ["common.mjs", "node.mjs", "chromium.js"]).then((project) => {
    makeSite(project, "page", "chromium.js", PLAIN);
    return project;
  });
  return { browser, project: await made };
}

/** A page with the program, and what its server was asked for. */
async function openPage(ctx: TestContext, headers: Record<string, string> = ISOLATION) {
  const { browser, project } = await ready(ctx);
  const asked: string[] = [];
  const url = await serveFolder(project, headers, asked);
  return { ...(await open(browser, `${url}page/`)), asked, project, url };
}

/** The same, as one minified script. */
async function openMinified(ctx: TestContext) {
  const { browser, project } = await ready(ctx);
  const site = join(project, "minified");
  mkdirSync(site);
  const how = { bundle: true, minify: true, format: "esm", legalComments: "none" } as const;
  await build({ ...how, entryPoints: [join(project, "chromium.js")], outfile: join(site, "app/page.js") });
  for (const name of ["session", "wasm"])
    cpSync(join(project, "node_modules/roformer/dist", name), join(site, name), { recursive: true });
  writeFileSync(join(site, "index.html"), html("app/page.js"));
  return open(browser, await serveFolder(site, ISOLATION));
}

describe("a page in Chromium", { timeout: 120_000 }, () => {
  needThreads();

  it("may have a strict Content-Security-Policy, and asks no other origin for anything", async (ctx) => {
    const opened = await openPage(ctx, { ...ISOLATION, "Content-Security-Policy": POLICY });
    const { asked, requests, complaints, project, url } = opened;
    const found = await ask<Answer>(opened, "programs.everything()");
    expectSame(found, await answerOfNode(project), 2);
    expect(complaints).toEqual([]);
    // A session's, another's, and that one's second thread: the server hears of a thread's script, the page does not.
    expect(asked.filter((path) => path.endsWith("/session/worker.js")).length).toBe(3);
    expect(requests.some((one) => one.endsWith("/session/worker.js"))).toBe(true);
    expect(requests.filter((one) => !one.startsWith(url))).toEqual([]);
    await opened.close();
  });

  it("fetches the tokenizers' WebAssembly when a tokenizer is used, and no build of the kernels but one", async (ctx) => {
    const opened = await openPage(ctx);
    const wasm = () => opened.asked.filter((path) => path.endsWith(".wasm")).map((path) => path.split("/").at(-2));
    expect(wasm()).toEqual([]);
    expect(await ask(opened, "programs.withoutTokenizer()")).toEqual([1, 3, 32]);
    expect(wasm()).toEqual(["relaxed"]);
    expect(await ask(opened, "programs.withTokenizer()")).toBeGreaterThan(0);
    expect(wasm()).toEqual(["relaxed", "tokenizer"]);
    await opened.close();
  });

  it("with threads survives 20 reloads and navigations, half of them in the middle of a training", {
    timeout: 120_000,
  }, async (ctx) => {
    const opened = await openPage(ctx);
    const { page, url, complaints, project } = opened;
    cpSync(join(project, "page"), join(project, "other"), { recursive: true });
    let crashes = 0;
    page.on("crash", () => crashes++);
    const losses = new Set<number>();
    for (let i = 0; i < 20; i++) {
      if (i % 2 === 1) await ask(opened, "programs.beginsToTrain()");
      if (i % 4 < 2) await page.reload();
      else await page.goto(`${url}${i % 4 === 2 ? "other" : "page"}/`);
      const { threads, steps, loss } = await ask<Record<string, number>>(opened, "programs.trains()");
      expect([threads, steps]).toEqual([2, 3]);
      losses.add(loss!);
    }
    expect(losses.size).toBe(1);
    expect(crashes).toBe(0);
    expect(complaints).toEqual([]);
    await opened.close();
  });

  it.for(["plain", "minified"])("gets a worker's errors in their classes, with their codes: %s", async (how, ctx) => {
    const opened = how === "plain" ? await openPage(ctx) : await openMinified(ctx);
    const found = await ask<Record<string, object>>(opened, "programs.errors()");
    for (const name of ["ConfigError", "DataError", "EngineError", "ShapeError"]) {
      const code = `${name.slice(0, -5).toUpperCase()}_ERROR`;
      expect(found[name]).toMatchObject({ is: true, others: [], code, name });
    }
    await opened.close();
  });

  // Again where other programs had the cores: a page that a training blocks draws badly every time.
  const AGAIN = { retry: 4 };
  it("goes on drawing while a session trains: 99 frames in 100 come within 100 ms", AGAIN, async (ctx) => {
    const opened = await openPage(ctx);
    const { gaps, steps } = await ask<{ gaps: number[]; steps: number }>(opened, "programs.frames(5000)");
    const sorted = [...gaps].sort((a, b) => a - b);
    const quick = gaps.filter((gap) => gap <= 100).length / gaps.length;
    const figures = `${gaps.length} frames in 5 s and ${steps} steps; median ${sorted[gaps.length >> 1]!.toFixed(1)} ms, longest ${sorted.at(-1)!.toFixed(1)} ms, ${(100 * quick).toFixed(2)} % within 100 ms`;
    if (process.env.ROFORMER_TABLE) console.log(figures);
    expect(steps, figures).toBeGreaterThan(1);
    expect(quick, figures).toBeGreaterThanOrEqual(0.99);
    await opened.close();
  });

  it("whose worker is killed from outside has all 50 waiting calls rejected within a second", async (ctx) => {
    const opened = await openPage(ctx);
    const found = await ask<{ milliseconds: number; rejected: number }>(opened, "programs.killed(50)");
    if (process.env.ROFORMER_TABLE) console.log(found);
    expect(found).toMatchObject({ rejected: 50, alive: false });
    expect(found.milliseconds).toBeLessThan(1000);
    await opened.close();
  });
});
