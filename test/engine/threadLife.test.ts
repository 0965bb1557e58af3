import { cpSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { ROOT, run, temporaryFolder } from "../process.js";
import { needThreads } from "../threaded.js";
import { ask, hash, start } from "./programs.js";

/** How a call failed, or "none". */
interface Failed {
  readonly first: { readonly name: string; readonly message: string };
  readonly again: { readonly name: string; readonly message: string };
}

const life = <T>(scene: string) => ask<T>("threadLife.mjs", { scene });
const inWorkers = <T>(scene: string) => ask<T>("enginesInWorkers.mjs", { scene });

needThreads();

describe("a process whose engine has threads", () => {
  // The clock is others' too: once in some tries is enough to show that nothing holds it.
  it("ends by itself within a second of its last words", { retry: 4 }, async () => {
    const { code, stdout, lingered } = await start("threadLife.mjs", { scene: "ends" });
    expect([code, stdout]).toEqual([0, '{"finite":true}\n']);
    expect(lingered).toBeLessThan(1000);
  });

  it("uses less than a twentieth of a core while nothing is asked of it", { retry: 2 }, async () => {
    expect((await life<{ share: number }>("idle")).share).toBeLessThan(0.05);
  });

  it("can exit while its threads look for work, and while another engine of it computes", async () => {
    for (const name of ["threadLife.mjs", "enginesInWorkers.mjs"]) {
      expect(await start(name, { scene: "exits" })).toMatchObject({ code: 7, stdout: "", stderr: "" });
    }
  });

  it("is ended by Ctrl-C in the middle of its work", async () => {
    const ended = await start("threadLife.mjs", { scene: "endless" }, [], { interruptAt: /at work/ });
    expect(ended.signal).toBe("SIGINT");
  });

  it("can take Ctrl-C itself, and then ends by itself", async (ctx) => {
    if (process.platform === "win32") ctx.skip("Windows sends no signals");
    const ended = await start("threadLife.mjs", { scene: "interrupted" }, [], { interruptAt: /at work/ });
    expect([ended.code, ended.stdout]).toEqual([130, '{"finite":true}\n']);
  });
});

it("a missing script of threads leaves an engine of one thread that says why", async () => {
  const dist = join(temporaryFolder(), "dist");
  cpSync(join(ROOT, "dist"), dist, { recursive: true, filter: (file) => !file.endsWith("poolWorker.mjs") });
  const program = `import { engineStatus, init, RoFormer } from ${JSON.stringify(pathToFileURL(join(dist, "index.js")).href)};
    await init({ threads: 3 });
    const config = { vocab_size: 90, hidden_size: 64, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 256 };
    const model = RoFormer.create(config, { head: "masked-lm" });
    const { data } = model.forward({ inputIds: [Array.from({ length: 256 }, (_, i) => i % 90)] }).logits;
    console.log(JSON.stringify({ ...engineStatus(), finite: data.every(Number.isFinite) }));`;
  const { stdout, stderr } = await run(["--input-type=module", "-e", program]);
  expect(stderr).toBe("");
  const { threads, reasons, finite } = JSON.parse(stdout);
  expect([threads, finite]).toEqual([1, true]);
  expect(
    reasons.filter((reason: string) => /^one thread less: file:.*poolWorker\.mjs does not exist$/.test(reason)),
  ).toHaveLength(2);
});

describe("a thread that is no more makes every further call an EngineError, and no call a wait without end:", () => {
  const named = (thread: number, why: string) => {
    const message = `the engine died: its thread ${thread} ended (${why}); start a new process or worker`;
    return { name: "EngineError", code: "ENGINE_ERROR", message };
  };

  it("killed while it slept", async () => {
    const error = named(2, "it exited");
    expect(await life<Failed>("killedIdle")).toEqual({ first: error, again: error });
  });

  it("killed while its engine computed", async () => {
    const { first, again } = await life<Failed>("killedAtWork");
    expect(first.name).toBe("EngineError");
    // It depends on what it was doing: an item of a job, or looking for one.
    expect(first.message).toMatch(/^the engine died: (its thread 1 ended \(it exited\)|a thread died in \w+); start/);
    expect(again).toEqual(first);
  });

  it("killed in the middle of its part of a job", { retry: 2 }, async () => {
    const message = "the engine died: a thread died in team_fork; start a new process or worker";
    const error = { name: "EngineError", message };
    expect(await inWorkers<Failed>("abandoned")).toEqual({ first: error, again: error });
  });

  it("without a module that it could run", async () => {
    const { first, again } = await life<Failed>("broken");
    expect(first.name).toBe("EngineError");
    expect(first.message).toMatch(
      /^the engine died: its thread [12] ended \(.*Module.*\); start a new process or worker$/,
    );
    expect(again).toEqual(first);
  });
});

it.each([
  [1, 2],
  [4, 2],
  [5, 16],
  [64, 2],
])("memory of %d MiB may be full before all of %d threads are up", async (mebibytes, threads) => {
  const { refused, works } = await ask<{ refused: string; works: boolean }>("fullMemory.mjs", { mebibytes, threads });
  expect(refused).toMatch(/^EngineError: out of memory: /);
  expect(works).toBe(true);
});

describe("engines with threads in workers", () => {
  it("do not disturb each other: two at the same time compute the same as one", async () => {
    const { hash: alone } = await hash({ variant: "simd" });
    expect(await inWorkers<string[]>("two")).toEqual([alone, alone]);
  });

  it("are gone with a worker that is terminated while it computes: nothing goes on, and another one works", async () => {
    const { hash: alone } = await hash({ variant: "simd" });
    const { share, hash: after } = await inWorkers<{ share: number; hash: string }>("terminated");
    expect(after).toBe(alone);
    expect(share).toBeLessThan(0.05);
  });
});
