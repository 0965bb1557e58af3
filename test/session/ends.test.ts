import type { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { ask } from "../engine/programs.js";
import { smallModel, TEXTS } from "../pipelines/models.js";
import { createPool, createSession, EngineError, failure, rows, session } from "./built.js";

const endless = { train: rows(60), text: "text", label: "label", batch: 4, epochs: 1e6 };
const worker = (name: string) => new URL(`../programs/workers/${name}.mjs`, import.meta.url);

/** Fifty calls that wait behind a long one. */
async function fifty(asked: Awaited<ReturnType<typeof session>>) {
  const model = await asked.load(await (await smallModel("sequence-classification")).files());
  const running = failure(asked.finetune(endless));
  return [running, ...Array.from({ length: 50 }, () => failure(model.classify("a dog")))];
}

describe("when its worker", () => {
  it("is killed from outside, all that wait are rejected, and restart brings a fresh one", async () => {
    const asked = await session();
    const calls = await fifty(asked);
    await (asked.worker as Worker).terminate();
    const errors = await Promise.all(calls);
    expect(errors).toHaveLength(51);
    for (const error of errors) {
      expect(error).toBeInstanceOf(EngineError);
      expect(error.message).toBe(
        "the session's worker ended: it exited with code 1; session.restart() starts a new one, without models",
      );
    }
    expect(asked.alive).toBe(false);
    expect(await failure(asked.memory())).toBeInstanceOf(EngineError);
    await asked.restart();
    expect(asked.alive).toBe(true);
    const again = await asked.load(await (await smallModel("sequence-classification")).files());
    expect(await again.classify(TEXTS)).toHaveLength(TEXTS.length);
  });

  it.each([
    ["exits", /^the session's worker ended: it exited with code 3; session\.restart\(\) starts a new one/],
    ["throws", /^the session's worker ended: nobody's; /],
  ])("%s, all that wait hear why", async (name, message) => {
    const asked = await session({ worker: worker(name) });
    const calls = await fifty(asked);
    (asked.worker as Worker).postMessage("now");
    for (const error of await Promise.all(calls)) expect(error.message).toMatch(message);
  });

  it("runs out of JavaScript's memory, all that wait hear so, and the process goes on", async () => {
    const heard = await ask<string[]>("sessionLife.mjs", { scene: "full" }, ["--max-old-space-size=64"]);
    expect(heard).toHaveLength(2);
    for (const message of heard)
      expect(message).toMatch(/^the session's worker ended: it ran out of JavaScript's memory/);
  });

  it("is closed or restarted, all that wait hear so, and models of before are of no use", async () => {
    const asked = await session();
    const first = await fifty(asked);
    await asked.restart();
    for (const error of await Promise.all(first)) expect(error.message).toBe("the session was restarted");
    const second = await fifty(asked);
    await asked.close();
    for (const error of await Promise.all(second)) expect(error.message).toBe("the session was closed");
    await expect(asked.restart()).rejects.toThrow("the session was closed");
    await asked.close();
  });
});

describe("a process", () => {
  it("ends by itself while a session has nothing to do, and not while a call waits", async () => {
    const { code, stdout } = await import("../engine/programs.js").then(({ start }) =>
      start("sessionLife.mjs", { scene: "left" }),
    );
    expect([code, stdout]).toEqual([0, '{"answered":true}\n']);
  });

  it("has no handle and less than a twentieth more memory after 20 sessions than after 2", { retry: 2 }, async () => {
    // glibc gives each thread a heap and keeps its freed pages, up to 14 MB of them here; with one heap it returns them.
    const env = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "65536" };
    const { left, handles, after2, after20 } = await ask<{ left: number; handles: string[] } & Record<string, number>>(
      "sessionLife.mjs",
      { scene: "twenty" },
      ["--expose-gc"],
      { env },
    );
    expect([left, handles]).toEqual([0, []]);
    expect(after20).toBeLessThan(1.05 * after2!);
  });

  it("keeps its event loop running while a session trains", async () => {
    const { ticks } = await ask<{ ticks: number }>("sessionLife.mjs", { scene: "timer" });
    expect(ticks).toBeGreaterThan(50);
  });
});

describe("a pool", () => {
  it("gives each call its own answer, whichever session has it", async () => {
    const here = await smallModel("sequence-classification");
    const pool = await createPool({ size: 2 });
    const model = await pool.load(await here.files());
    const texts = Array.from({ length: 1000 }, (_, i) => `${TEXTS[i % 5]} `.repeat(1 + ((i * 37) % 40)));
    const used = new Set<number>();
    const calls = texts.map((text) => model.classify(text));
    const short = Array.from({ length: 8 }, () =>
      pool.run(async (_, index) => {
        used.add(index);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }),
    );
    expect(await Promise.all(calls)).toEqual(await here.classify(texts));
    await Promise.all(short);
    expect([...used].sort()).toEqual([0, 1]);
    await pool.close();
    await expect(model.classify("a")).rejects.toThrow("the pool was closed");
  });

  it("settles each request when it is done: a slow one holds up no later one, but in map, which keeps order", async () => {
    const pool = await createPool({ size: 2 });
    const model = await pool.load(await (await smallModel("sequence-classification")).files());
    let release = () => {};
    let slowIsDone = false;
    const slow = pool
      .run(() => new Promise<void>((resolve) => (release = resolve)))
      .then(() => {
        slowIsDone = true;
      });
    expect(await Promise.all(TEXTS.map((text) => model.classify(text)))).toHaveLength(TEXTS.length);
    expect(await pool.run(async () => 2)).toBe(2);
    expect(slowIsDone).toBe(false);
    release();
    await slow;

    const finished: number[] = [];
    const yielded: number[] = [];
    const work = (ms: number) =>
      pool.run(async () => {
        await new Promise((resolve) => setTimeout(resolve, ms));
        finished.push(ms);
        return ms;
      });
    for await (const ms of pool.map([200, 1, 2, 3], work)) yielded.push(ms);
    expect(finished.at(-1)).toBe(200);
    expect(yielded).toEqual([200, 1, 2, 3]);
    await pool.close();
  });

  it("refuses what its queue has no room for, says when there is room, and takes of a stream what it can use", async () => {
    const pool = await createPool({ size: 1, maxQueue: 2 });
    const release: (() => void)[] = [];
    const job = () => pool.run(() => new Promise<void>((resolve) => release.push(resolve)));
    const four = [job(), job(), job(), job()]; // two run, two wait
    expect(pool.waiting).toBe(2);
    const full = await failure(job());
    expect(full).toBeInstanceOf(EngineError);
    expect(full.message).toBe("the pool's queue is full: 2 requests wait; await pool.ready() first");
    let ready = false;
    const asked = pool.ready().then(() => {
      ready = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ready).toBe(false);
    release.shift()!();
    await asked;
    const drain = setInterval(() => release.shift()?.(), 1);
    await Promise.all(four);
    clearInterval(drain);

    let taken = 0;
    const numbers = function* () {
      for (let i = 0; i < 100; i++) {
        taken++;
        yield i;
      }
    };
    const got: number[] = [];
    const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    for await (const n of pool.map(numbers(), (i) => pool.run(() => later(i % 3).then(() => i)))) {
      got.push(n);
      expect(taken - got.length).toBeLessThan(8);
    }
    expect(got).toEqual(Array.from({ length: 100 }, (_, i) => i));
    await pool.close();
  });

  it("starts a session anew whose worker was killed, with its models", async () => {
    const here = await smallModel("sequence-classification");
    const pool = await createPool({ size: 2 });
    const model = await pool.load(await here.files());
    const killed = await failure(pool.run((asked) => (asked.worker as Worker).terminate().then(() => asked.memory())));
    expect(killed).toBeInstanceOf(EngineError);
    const found = await Promise.all(Array.from({ length: 40 }, () => model.classify("a dog")));
    expect(found).toEqual(Array(40).fill(await here.classify("a dog")));
    const used = new Set<number>();
    for (let i = 0; i < 50 && used.size < 2; i++) {
      await Promise.all([0, 1, 2, 3].map(() => pool.run(async (_, index) => void used.add(index))));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(used.size).toBe(2);
    await pool.close();
  });

  it("lets a request that waits be aborted", async () => {
    const pool = await createPool({ size: 1 });
    let release = () => {};
    const held = [0, 1].map(() => pool.run(() => new Promise<void>((resolve) => (release = resolve))));
    const controller = new AbortController();
    const waiting = failure(pool.run(async () => 1, { signal: controller.signal }));
    controller.abort("why");
    expect(await waiting).toMatchObject({ name: "AbortError", cause: "why" });
    expect(pool.waiting).toBe(0);
    release();
    const closed = held.map((one) => one.catch(() => undefined));
    await pool.close();
    void closed;
  });

  it("that cannot start leaves nothing behind", async () => {
    await expect(createPool({ size: 0 })).rejects.toThrow("createPool: size is 0, not a whole number from 1");
    await expect(createPool({ size: 1e6 })).rejects.toThrow("createPool: size is 1000000, more than 256");
    await expect(createPool({ size: 2, wasm: new Uint8Array(4) })).rejects.toThrow(
      "the wasm module could not be loaded",
    );
    const one = await createSession({ threads: 1 });
    await one.close();
  });
});
