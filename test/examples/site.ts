import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeEach } from "vitest";
import { needChromium } from "../chromium.js";
import { ROOT, run, temporaryFolder } from "../process.js";

const servers: ChildProcess[] = [];
let browser: Browser;

afterAll(() => {
  for (const server of servers.splice(0)) server.kill();
});

const folder = (example: string): string => join(ROOT, "examples", example);
const viteOf = (example: string): string => join(folder(example), "node_modules", "vite", "bin", "vite.js");

/** Skips the tests of a file where there is no browser, or what an example needs is not installed. */
export function needSite(example: string): void {
  beforeEach(async (ctx) => {
    if (!existsSync(viteOf(example))) ctx.skip(`examples/${example} is not installed (.ci/run installs it)`);
    const [major, minor] = process.versions.node.split(".").map(Number) as [number, number];
    if (major < 20 || (major === 20 && minor < 19)) ctx.skip("Vite 8 needs Node 20.19");
    browser = await needChromium(ctx);
  });
}

/** Builds an example as `npm run build` does, but elsewhere; gives the folder. */
export async function build(example: string): Promise<string> {
  const site = temporaryFolder();
  const arguments_ = [viteOf(example), "build", "--outDir", site, "--emptyOutDir"];
  const { code, stdout, stderr } = await run(arguments_, { cwd: folder(example) });
  if (code !== 0) throw new Error(`vite build of ${example}: ${stdout}${stderr}`);
  return site;
}

/** Starts Vite's server, of sources (`npm start`) or of a built folder, and gives its address. */
export async function serve(example: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, NO_COLOR: "1" };
  const all = [viteOf(example), ...args, "--host", "127.0.0.1"];
  const server = spawn(process.execPath, all, { cwd: folder(example), env });
  servers.push(server);
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (text: string) => {
      said += text;
      const address = /http:\/\/127\.0\.0\.1:\d+\//.exec(said);
      if (address) resolve(address[0]);
    };
    server.stdout.setEncoding("utf8").on("data", hear);
    server.stderr.setEncoding("utf8").on("data", hear);
    server.on("error", reject).on("close", (code) => reject(new Error(`vite ended with ${code}: ${said}`)));
  });
}

/** An open page, and what went wrong in it so far. */
export async function visit(address: string): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.setDefaultTimeout(50_000);
  await page.goto(address);
  return { page, errors };
}
