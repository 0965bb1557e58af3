import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { needChromium } from "../chromium.js";
import { needThreads } from "../threaded.js";
import { type Answer, answerOfNode, expectSame, note } from "./answers.js";
import { ask, open } from "./pages.js";
import { json, newProject } from "./project.js";
import { BUNDLERS, ISOLATION, serveBy, serveFolder } from "./server.js";
import { html, makeSite, PLAIN } from "./site.js";
import { needTools, TOOLS } from "./tools.js";

/** The project of this file's tests, with a page, and what the Node of the tests computes in it. */
let made: Promise<{ project: string; wanted: Answer }> | undefined;
async function ready(ctx: TestContext) {
  const browser = await needChromium(ctx);
  made ??= newProject(ctx, ["common.mjs", "node.mjs", "page.js"]).then(async (project) => {
    writeFileSync(join(project, "index.html"), html("/page.js"));
    mkdirSync(join(project, "public"));
    writeFileSync(join(project, "public/favicon.ico"), ""); // browsers ask for one by themselves
    return { project, wanted: await answerOfNode(project) };
  });
  return { browser, ...(await made) };
}

/** Lets a bundler work in the project; returns the folder that it made. */
async function build(ctx: TestContext, bundler: string): Promise<string> {
  needTools(ctx);
  const { project } = await ready(ctx);
  await json(undefined, [BUNDLERS, bundler, TOOLS], project);
  const site = join(project, `site-${bundler}`);
  if (!existsSync(join(site, "index.html"))) writeFileSync(join(site, "index.html"), html("/app/main.js"));
  return site;
}

/** Opens a page with the headers that allow threads, and one without, and holds both against Node. */
async function expectBoth(ctx: TestContext, name: string, isolated: string, plain: string): Promise<void> {
  const { browser, wanted } = await ready(ctx);
  for (const [url, threads] of [
    [isolated, 2],
    [plain, 1],
  ] as const) {
    const opened = await open(browser, url);
    const found = await ask<Answer>(opened, "answer");
    note(`${name}, ${threads === 2 ? "with" : "without"} headers`, found);
    expectSame(found, wanted, threads);
    expect(opened.complaints).toEqual([]);
    expect(opened.requests.filter((one) => !one.startsWith(new URL(url).origin) && !/^(data|blob):/.test(one))).toEqual(
      [],
    );
    const why = /^one thread: the page is not cross-origin isolated: .*COOP.*COEP/m;
    if (threads === 1) expect(found.threaded.reasons.join("\n")).toMatch(why);
    else expect(found.threaded.reasons).toContain("2 threads: asked for");
    await opened.close();
  }
}

/** Serves a folder with the headers and without them. */
const expectServed = async (ctx: TestContext, name: string, folder: string, path = "") =>
  expectBoth(ctx, name, `${await serveFolder(folder, ISOLATION)}${path}`, `${await serveFolder(folder)}${path}`);

/** The addresses of two of Vite's servers. */
async function serveTwice(ctx: TestContext, task: string): Promise<[string, string]> {
  needTools(ctx);
  const { project } = await ready(ctx);
  return Promise.all([serveBy(`${task} isolated`, project), serveBy(task, project)]);
}

describe("in Chromium, with threads and without, the same bits as in Node come from", { timeout: 120_000 }, () => {
  needThreads();

  it("plain modules, served from node_modules/roformer/dist", async (ctx) => {
    const { project } = await ready(ctx);
    makeSite(project, "plain", "page.js", PLAIN);
    await expectServed(ctx, "plain modules", project, "plain/");
  });

  it("dist/inline.js, alone beside the page", async (ctx) => {
    const { project } = await ready(ctx);
    const inline = Object.fromEntries(Object.keys(PLAIN).map((entry) => [entry, "./inline.js"]));
    const site = makeSite(project, "inline", "page.js", inline);
    cpSync(join(project, "node_modules/roformer/dist/inline.js"), join(site, "inline.js"));
    await expectServed(ctx, "inline", site);
  });

  it.for(["vite8", "vite7", "webpack", "esbuild", "rollup"])("what %s builds", async (bundler, ctx) =>
    expectServed(ctx, bundler, await build(ctx, bundler)),
  );

  it("Vite 8's server of what it built", async (ctx) => {
    await build(ctx, "vite8");
    await expectBoth(ctx, "Vite 8 preview", ...(await serveTwice(ctx, "vite8 preview")));
  });

  it("Vite 8's server of sources, without a plugin", async (ctx) =>
    expectBoth(ctx, "Vite 8 dev", ...(await serveTwice(ctx, "vite8 dev"))));

  it.for([7, 8])("Vite %i's server of sources with the plugin, which sends the headers", async (version, ctx) =>
    expectBoth(ctx, `Vite ${version} dev with the plugin`, ...(await serveTwice(ctx, `vite${version} plugin`))),
  );
});
