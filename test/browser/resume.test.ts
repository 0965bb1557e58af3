import { expect, it } from "vitest";
import { needChromium } from "../chromium.js";
import { serve } from "./server.js";

interface Ran {
  readonly said: string[];
  readonly weights: string;
  readonly accuracy: number;
}

it("in Chromium, a session goes on from checkpoints in the page's own file system, bit for bit", async (ctx) => {
  const browser = await needChromium(ctx);
  const { server, url } = await serve(true);
  const page = await browser.newPage();
  try {
    await page.goto(url);
    const { death, whole, rest, kept } = await page.evaluate<{ death: string; whole: Ran; rest: Ran; kept: string[] }>(
      `import("/test/programs/resumePage.mjs").then(({ resumed }) => resumed())`,
    );
    expect(death).toBe("the session was closed");
    expect(rest.said.join("\n")).toMatch(/^resumed from run\/step-[36]$/m);
    expect(rest.weights === whole.weights).toBe(true);
    expect(rest.accuracy).toBe(whole.accuracy);
    expect(kept).toEqual(["step-15", "step-18"]);
  } finally {
    await page.close();
    server.close();
  }
});
