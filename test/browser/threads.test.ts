import type { Server } from "node:http";
import type { Browser } from "playwright-core";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { Diagnosis } from "../../ts/index.js";
import { needChromium } from "../chromium.js";
import { difference, type Hashed, hash } from "../engine/programs.js";
import { needThreads } from "../threaded.js";
import { serve } from "./server.js";

type Answer = Diagnosis & Hashed;

let browser: Browser;
const servers: Server[] = [];

afterAll(() => {
  for (const server of servers) server.close();
});

/** What a page says, whose server sends the headers that allow threads or does not; on its own thread or a worker's. */
async function ask(isolated: boolean, where: "answer" | "answerOfWorker", options: object): Promise<Answer> {
  const { server, url } = await serve(isolated);
  servers.push(server);
  const page = await browser.newPage();
  try {
    await page.goto(url);
    // As text: what vitest makes of an import() is not for browsers.
    return await page.evaluate(
      `import("/test/programs/browser.mjs").then((programs) => programs.${where}(${JSON.stringify(options)}))`,
    );
  } finally {
    await page.close();
  }
}

describe("in Chromium", () => {
  needThreads();
  beforeEach(async (ctx) => {
    browser = await needChromium(ctx);
  });

  it("a worker of a page with the isolation headers has threads, and computes the same bits as Node", async () => {
    const found = await ask(true, "answerOfWorker", { variant: "simd-threads", threads: 2 });
    expect(found).toMatchObject({ variant: "simd-threads", threads: 2, sharedMemory: true, node: null });
    expect(found.reasons).toContain("2 threads: asked for");
    expect(found.tookPart).toBe(2);
    expect(found.hash).toBe((await hash({ variant: "simd" })).hash);
  });

  it("a worker takes the fastest build by itself, and half of what the browser counts as cores", async () => {
    const found = await ask(true, "answerOfWorker", { threads: "auto" });
    const wanted = found.cores > 1 ? "relaxed-threads" : "relaxed";
    expect(found).toMatchObject({ variant: wanted, threads: found.cores, relaxedSimd: true, sharedMemory: true });
    expect(found.reasons).toContain(
      `${found.cores} thread${found.cores > 1 ? "s" : ""}: ${found.cores} core${found.cores > 1 ? "s" : ""}`,
    );
    expect(difference(found.numbers, (await hash({ variant: "simd" })).numbers)).toBeLessThan(1e-5);
  });

  it("a worker without the headers has one thread and the same bits, and says why", async () => {
    const found = await ask(false, "answerOfWorker", { threads: 2 });
    expect(found).toMatchObject({ variant: "relaxed", threads: 1, sharedMemory: false });
    expect(found.reasons.join("\n")).toMatch(/^one thread: the page is not cross-origin isolated: .*COOP.*COEP/m);
    expect(found.hash).toBe((await ask(true, "answerOfWorker", { variant: "relaxed-threads", threads: 2 })).hash);
  });

  it("a page's own thread, which may not wait, has one thread and the same bits, and says why", async () => {
    const found = await ask(true, "answer", { threads: 2 });
    expect(found).toMatchObject({ variant: "relaxed", threads: 1, sharedMemory: false });
    expect(found.reasons).toContain(
      "one thread: the page's main thread must not block: use a session (roformer/session) or a worker",
    );
    expect(found.hash).toBe((await ask(false, "answerOfWorker", {})).hash);
  });
});
