import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RoFormer } from "../../ts/index.js";
import { needChromium } from "../chromium.js";
import { ROOT, temporaryFolder } from "../process.js";
import { needThreads } from "../threaded.js";
import { blocks, plain } from "./blocks.js";
import { ISOLATION, open, outputOf, serve } from "./site.js";

const folders = { "/node_modules/roformer/": ROOT, "/": join(ROOT, "docs/snippets") };
const SMALL = { vocab_size: 20, hidden_size: 16, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 16 };

/** The policy that browser.md says suffices. */
const policy = blocks.find(({ code }) => code.startsWith("Content-Security-Policy: "))!.code.trim();

describe("in Chromium", () => {
  needThreads();

  it.for(plain("html").map((block) => [block.where, block] as const))(
    "the page of %s ends with something said, and nothing complained of",
    async ([, { code, notes }], ctx) => {
      const browser = await needChromium(ctx);
      const url = await serve({
        pages: { "/index.html": code },
        folders,
        headers: () => (notes.headers === "none" ? {} : ISOLATION),
      });
      const opened = await open(browser, url);
      if (code.includes("webkitdirectory")) {
        const folder = join(temporaryFolder(), "model");
        const model = RoFormer.create(SMALL, { head: "masked-lm", seed: 1 });
        await model.save(folder);
        model.close();
        await opened.page.setInputFiles("input", folder);
      }
      const said = await outputOf(opened);
      expect(opened.complaints).toEqual([]);
      if (notes.headers === "none") {
        expect(said).toBe("2 threads");
        expect(await opened.page.evaluate("crossOriginIsolated")).toBe(true);
      }
      if (code.includes("webkitdirectory")) expect(said).toBe("masked-lm: 1 layers");
      if (code.includes("reasons]")) expect(said).toMatch(/2 threads: asked for/);
    },
  );

  it("the Content-Security-Policy of browser.md is enough for a session with threads", async (ctx) => {
    const browser = await needChromium(ctx);
    const [name = "", value = ""] = policy.split(/: (.*)/);
    const program = plain("html").find(({ code }) => code.includes("reasons]"))!.code;
    const script = /<script type="module">([\s\S]*)<\/script>/.exec(program)![1]!;
    const page =
      '<!doctype html><link rel="icon" href="data:,"><output></output><script type="module" src="page.js"></script>';
    const headers = () => ({ ...ISOLATION, [name]: value });
    const opened = await open(
      browser,
      await serve({ pages: { "/index.html": page, "/page.js": script }, folders, headers }),
    );
    expect(await outputOf(opened)).toMatch(/2 threads: asked for/);
    expect(opened.complaints).toEqual([]);
  });
});
