import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, type TestContext } from "vitest";
import { ROOT, run } from "../process.js";
import { newProject } from "./project.js";

const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  exports: Record<string, unknown>;
};
/** The entries with JavaScript; `./worker` is a script, which waits for what it is told. */
const ENTRIES = Object.keys(exports)
  .filter((entry) => !/\*|json/.test(entry))
  .map((entry) => entry.replace(".", "roformer"));

let made: Promise<string> | undefined;
const ready = (ctx: TestContext) => {
  made ??= newProject(ctx, ["imports.mjs"]);
  return made;
};

/** What the import of an entry did. */
async function importing(ctx: TestContext, entry: string, mode: string): Promise<Record<string, unknown>> {
  const args = ["imports.mjs", entry, mode];
  const { code, stdout, stderr, lingered } = await run(args, { cwd: await ready(ctx), within: 10_000 });
  expect(stderr).toBe("");
  expect(code).toBe(0);
  expect(lingered, "milliseconds from its last words to its end").toBeLessThan(2000);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const NOTHING = { read: [], workers: [], fetched: [], globals: [], events: [], resources: [] };

describe.each(ENTRIES)("importing %s does nothing", (entry) => {
  it("no open handle, no global, no listener, no file but modules, no worker; and the program ends", async (ctx) => {
    const { exports: names, ...did } = await importing(ctx, entry, "whole");
    expect(did).toEqual(NOTHING);
    if (entry !== "roformer/worker") expect(names).toBeGreaterThan(0);
  });

  if (entry === "roformer/worker") return; // a script, which talks to its runtime at once
  it("nor where the runtime has nothing but the language", async (ctx) => {
    const { exports: names, ...did } = await importing(ctx, entry, "bare");
    expect(did).toEqual(NOTHING);
    expect(names).toBeGreaterThan(0);
  });
});
