import { join } from "node:path";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { needChromium } from "../chromium.js";
import { serveFolder } from "../packaging/server.js";
import { ROOT, temporaryFolder } from "../process.js";

it("in Chromium, a worker's streams are read, left, aborted and closed as in Node", async (ctx) => {
  const browser = await needChromium(ctx);
  const folder = temporaryFolder();
  const entryPoints = ["streamsPage.ts", "streamsWorker.ts"].map((name) => join(ROOT, "test/programs", name));
  const how = { bundle: true, format: "esm", target: "es2022", mainFields: ["module", "main"] as string[] } as const;
  await build({ ...how, platform: "neutral", external: ["node:*"], entryPoints, outdir: folder });
  const page = await browser.newPage();
  await page.goto(`${await serveFolder(folder, {})}streamsPage.js`);
  const found = await page.evaluate(`import("/streamsPage.js").then(({ streams }) => streams("/streamsWorker.js"))`);
  await page.close();
  const made = (count: number) => ["begin", ...Array.from({ length: count }, (_, i) => `make ${i}`), "end"];
  expect(found).toEqual({
    heard: [0, 1, 2].map((i) => [i, i * i]),
    read: [0, 1, 2],
    log: [...made(3), ...made(2)],
    moved: [false, true, true],
    abort: "AbortError: stopped in its step",
    closed: ["EngineError: the session was closed", "none"],
  });
});
