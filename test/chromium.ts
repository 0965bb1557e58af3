import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, type TestContext } from "vitest";

/** The system's own Chromium: none is downloaded. */
const executablePath = (process.env.PATH ?? "")
  .split(delimiter)
  .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => join(folder, name)))
  .find(existsSync);

let started: Promise<Browser> | undefined;
afterAll(async () => (await started)?.close());

/** The browser, one for all tests of a file; skips the test where there is none. */
export function needChromium(ctx: TestContext): Promise<Browser> {
  if (!executablePath) ctx.skip("no Chromium (.ci/run installs it)");
  started ??= chromium.launch({ executablePath, args: ["--no-sandbox"] });
  return started;
}
