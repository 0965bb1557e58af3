import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it, type TestContext } from "vitest";
import { needChromium } from "../chromium.js";
import { ROOT, run } from "../process.js";
import { needThreads } from "../threaded.js";
import { filesOf } from "./blocks.js";
import { open, outputOf, serve } from "./site.js";

/** Where bundlers are installed: not by this project's package.json, which needs none. */
const { WASM_TOOLS, XDG_CACHE_HOME } = process.env;
const TOOLS = join(WASM_TOOLS || join(XDG_CACHE_HOME || join(homedir(), ".cache"), "roformer-tools"), "packaging");
const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A project of the guides with the package installed, where Node finds the tools in a folder above; skips where `tool` is missing. */
function project(ctx: TestContext, name: string, tool: string, also = new Map<string, string>()): string {
  if (!existsSync(join(TOOLS, "node_modules", tool))) ctx.skip(`${TOOLS} has no ${tool}`);
  const folder = mkdtempSync(join(TOOLS, `docs-${name}-`));
  made.push(folder);
  const files = new Map([["package.json", '{ "private": true, "type": "module" }'], ...also, ...filesOf(name)]);
  for (const [path, code] of files) {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    // As many threads on any machine.
    writeFileSync(join(folder, path), code.replace("createSession()", "createSession({ threads: 2 })"));
  }
  for (const part of ["package.json", "dist"]) {
    cpSync(join(ROOT, part), join(folder, "node_modules/roformer", part), { recursive: true });
  }
  return folder;
}

/** Runs a program of a tool, which has to succeed; gives what it says. */
async function runTool(cwd: string, file: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run([join(TOOLS, "node_modules", file), ...args], { cwd });
  expect(code, stdout + stderr).toBe(0);
  return stdout + stderr;
}

/** Starts a tool's server, and gives the URL when it answers. */
async function start(cwd: string, file: string, ...args: string[]): Promise<string> {
  const probe = createServer().listen(0);
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  const server = spawn(process.execPath, [join(TOOLS, "node_modules", file), ...args, "--port", `${port}`], { cwd });
  let said = "";
  for (const stream of [server.stdout, server.stderr]) stream.on("data", (text) => (said += text));
  stops.push(() => server.kill());
  const url = `http://localhost:${port}/`;
  for (let i = 0; i < 200; i++) {
    if (server.exitCode !== null) break;
    if (
      await fetch(url).then(
        (response) => response.ok,
        () => false,
      )
    )
      return url;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${file} serves nothing: ${said}`);
}
const stops: (() => void)[] = [];
afterAll(() => {
  for (const stop of stops) stop();
});

/** Opens a page of the guides' program: it trains on two threads, and nothing is complained of. */
async function expectTrained(ctx: TestContext, url: string): Promise<void> {
  const opened = await open(await needChromium(ctx), url);
  expect(await outputOf(opened)).toMatch(/^yes, threads: 2 \(.*2 threads: asked for/);
  expect(opened.complaints).toEqual([]);
}

const VITE = { vite8: "vite/bin/vite.js", vite7: "vite7/bin/vite.js" };

describe("projects of the guides", { timeout: 180_000 }, () => {
  needThreads();

  it.for(["vite8", "vite7"] as const)("%s builds, and serves sources", async (name, ctx) => {
    await needChromium(ctx);
    const folder = project(ctx, name, dirname(dirname(VITE[name])));
    await runTool(folder, VITE[name], "build");
    await expectTrained(ctx, await serve({ folders: { "/": join(folder, "dist") } }));
    // The headers come from the plugin, which the project for Vite 8 has.
    const opened = await open(await needChromium(ctx), await start(folder, VITE[name]));
    const threads = name === "vite8" ? 2 : 1;
    expect(await outputOf(opened)).toMatch(new RegExp(`^yes, threads: ${threads} `));
    expect(opened.complaints).toEqual([]);
    if (name === "vite8") await expectTrained(ctx, await start(folder, VITE[name], "preview"));
  });

  it("Vite 8 sends the headers without the plugin, serving sources and what it built", async (ctx) => {
    await needChromium(ctx);
    const folder = project(ctx, "vite8-headers", "vite", filesOf("vite8"));
    await expectTrained(ctx, await start(folder, VITE.vite8));
    await runTool(folder, VITE.vite8, "build");
    await expectTrained(ctx, await start(folder, VITE.vite8, "preview"));
  });

  it("webpack builds, and warns of sizes alone", async (ctx) => {
    await needChromium(ctx);
    const folder = project(ctx, "webpack", "webpack", filesOf("webpack"));
    const program = `import webpack from "webpack";
import config from "./webpack.config.js";
webpack(config, (error, stats) => {
  console.log(error ?? stats.toString());
  process.exitCode = error || stats.hasErrors() ? 1 : 0;
});`;
    writeFileSync(join(folder, "build.mjs"), program);
    const { code, stdout } = await run(["build.mjs"], { cwd: folder });
    expect(code, stdout).toBe(0);
    expect(stdout).not.toContain("Critical dependency");
    expect(stdout).toContain("compiled with 1 warning");
    await expectTrained(ctx, await serve({ folders: { "/": join(folder, "dist") } }));
  });

  it("esbuild builds", async (ctx) => {
    await needChromium(ctx);
    const folder = project(ctx, "esbuild", "esbuild");
    const { code, stdout, stderr } = await run(["build.mjs"], { cwd: folder });
    expect(code, stdout + stderr).toBe(0);
    await expectTrained(ctx, await serve({ folders: { "/": join(folder, "site") } }));
  });

  it("Rollup builds", async (ctx) => {
    await needChromium(ctx);
    const folder = project(ctx, "rollup", "@rollup/plugin-node-resolve");
    await runTool(folder, "rollup/dist/bin/rollup", "--config");
    await expectTrained(ctx, await serve({ folders: { "/": join(folder, "site") } }));
  });

  it("Parcel builds", async (ctx) => {
    await needChromium(ctx);
    const folder = project(ctx, "parcel", "parcel");
    await runTool(folder, "parcel/lib/bin.js", "build", "--no-autoinstall", "--no-cache");
    await expectTrained(ctx, await serve({ folders: { "/": join(folder, "dist") } }));
  });

  it.for(["--turbopack", "--webpack"])("Next builds with %s, and serves page and route", async (by, ctx) => {
    await needChromium(ctx);
    const folder = project(ctx, "next", "next");
    await runTool(folder, "next/dist/bin/next", "build", by);
    const url = await start(folder, "next/dist/bin/next", "start");
    expect(await (await fetch(`${url}api/shape`)).json()).toEqual([1, 3, 100]);
    await expectTrained(ctx, url);
  });
});
