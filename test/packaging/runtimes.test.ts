import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "vitest";
import { needThreads } from "../threaded.js";
import { type Answer, answerOfNode, expectSame, note } from "./answers.js";
import { json, newProject } from "./project.js";
import { BUNDLERS } from "./server.js";
import { needRuntime, needTools, TOOLS, tool } from "./tools.js";

const PROGRAMS = ["common.mjs", "node.mjs", "inline.mjs", "required.cjs", "typed.ts", "ssr.mjs"];

/** The project of this file's tests, and what the Node of the tests computes in it. */
let made: Promise<{ project: string; wanted: Answer }> | undefined;
const ready = (ctx: TestContext) => {
  made ??= newProject(ctx, PROGRAMS).then(async (project) => ({ project, wanted: await answerOfNode(project) }));
  return made;
};

/** Runs a program of the project, and holds its numbers against Node's. */
async function same(ctx: TestContext, name: string, command: string | undefined, args: readonly string[]) {
  const { project, wanted } = await ready(ctx);
  const found = await json<Answer>(command, args, project);
  note(name, found);
  expectSame(found, wanted, 2);
}

describe("the installed package computes the same bits, on the calling thread, in a session and on two threads", {
  timeout: 120_000,
}, () => {
  needThreads();

  it("by import in this Node", (ctx) => same(ctx, `Node ${process.versions.node}`, undefined, ["node.mjs"]));

  it("by roformer/inline in this Node", (ctx) => same(ctx, "inline in Node", undefined, ["inline.mjs"]));

  it("in Node 24", async (ctx) => same(ctx, "Node 24", needRuntime(ctx, "node24"), ["node.mjs"]));

  it("by require() from CommonJS in Node 24", async (ctx) =>
    same(ctx, "require() in Node 24", needRuntime(ctx, "node24"), ["required.cjs"]));

  it("in TypeScript under tsx", async (ctx) => {
    needTools(ctx);
    await same(ctx, "tsx", undefined, [tool("tsx/dist/cli.mjs"), "typed.ts"]);
  });

  it("in Deno", async (ctx) => {
    // Nothing but the file system and the processor's facts: neither network nor subprocesses.
    const args = ["run", "--no-prompt", "--cached-only", "--allow-read", "--allow-env", "--allow-sys", "node.mjs"];
    await same(ctx, "Deno", needRuntime(ctx, "deno"), args);
  });

  it("in Bun", async (ctx) => same(ctx, "Bun", needRuntime(ctx, "bun"), ["run", "node.mjs"]));

  it("in a server's bundle that Vite made, where the package stays outside", async (ctx) => {
    needTools(ctx);
    const { project } = await ready(ctx);
    await json(undefined, [BUNDLERS, "ssr", TOOLS], project);
    const main = 'import { render } from "./server/ssr.js";\nconsole.log(JSON.stringify(await render()));\n';
    writeFileSync(join(project, "rendered.mjs"), main);
    await same(ctx, "Vite SSR", undefined, ["rendered.mjs"]);
  });
});
