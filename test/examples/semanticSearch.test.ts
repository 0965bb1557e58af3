import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { RoFormer } from "../../ts/index.js";
import { trainTokenizer } from "../../ts/train/index.js";
import { ROOT, run } from "../process.js";
import { build, needSite, serve, visit } from "./site.js";

const EXAMPLE = "semantic-search";

/** A model that has learned nothing: texts that share words are close all the same. */
async function saveModel(folder: string): Promise<void> {
  const lines = readFileSync(join(ROOT, "examples", EXAMPLE, "src", "proverbs.txt"), "utf8").split("\n");
  const tokenizer = await trainTokenizer({ kind: "wordpiece", lines, vocabSize: 1200 });
  const sizes = { hidden_size: 64, num_hidden_layers: 1, num_attention_heads: 1, intermediate_size: 64 };
  const model = RoFormer.create({ ...sizes, vocab_size: tokenizer.vocabSize }, { head: "base", tokenizer, seed: 1 });
  await model.save(folder);
  model.close();
}

const said = (page: Page, words: string | RegExp) => page.getByRole("status").filter({ hasText: words }).waitFor();
const hitsOf = (page: Page) =>
  page
    .getByRole("list", { name: "Proverbs, the closest first" })
    .getByRole("listitem")
    .evaluateAll((all) => all.map((item) => item.firstElementChild!.textContent));

describe("examples/semantic-search", () => {
  needSite(EXAMPLE);

  it("finds the right text first while the user types, and keeps the vectors for the next visit", {
    timeout: 110_000,
  }, async () => {
    const site = await build(EXAMPLE);
    await saveModel(join(site, "model"));
    const address = `${await serve(EXAMPLE, ["preview", "--outDir", site])}?model=model/`;
    const { page, errors } = await visit(address);
    const field = page.getByRole("searchbox", { name: "What do you want to say?" });
    // Typed while the model is being loaded: it counts when there is one.
    await field.pressSequentially("the early bird catches a worm", { delay: 5 });
    await said(page, /^The closest of \d+ proverbs, found in \d+ ms$/);
    expect((await hitsOf(page))[0]).toBe("It is the early bird that catches the worm.");
    await field.fill("too many cooks in the broth");
    await page.getByText("Too many cooks spoil the broth.").waitFor();
    expect(await hitsOf(page)).toHaveLength(8);
    expect((await hitsOf(page))[0]).toBe("Too many cooks spoil the broth.");
    await page.getByRole("button", { name: "do not be hasty" }).click();
    expect(await field.inputValue()).toBe("do not be hasty");
    await field.fill("");
    await said(page, "Type something");
    expect(await hitsOf(page)).toEqual([]);

    const kept = await page.evaluate(async () => (await (await caches.open("vectors")).keys()).length);
    expect(kept).toBe(1);
    await page.evaluate(async () => {
      const cache = await caches.open("vectors");
      const [key] = await cache.keys();
      const { headers } = (await cache.match(key!))!;
      const numbers = new Float32Array(await (await cache.match(key!))!.arrayBuffer()).fill(0); // shows that they are read
      await cache.put(key!, new Response(numbers, { headers }));
    });
    await page.reload();
    await field.fill("haste");
    await said(page, /^The closest/);
    await page.getByText("0.00").first().waitFor();
    expect(errors).toEqual([]);
  });

  it("npm start: says which model cannot be loaded, and why", async () => {
    const { page } = await visit(`${await serve(EXAMPLE, [])}?model=nowhere/`);
    await said(page, /nowhere.*config\.json/);
  });

  it("has no wrong types", async () => {
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const { code, stdout } = await run([tsc, "-p", join(ROOT, "examples", EXAMPLE)]);
    expect(stdout).toBe("");
    expect(code).toBe(0);
  });
});
