import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Page } from "playwright-core";
import { unzip } from "unzipit";
import { describe, expect, it } from "vitest";
import { RoFormer } from "../../ts/index.js";
import { ROOT, run, temporaryFolder } from "../process.js";
import { build, needSite, serve, visit } from "./site.js";

const EXAMPLE = "vite-finetune";
const QUESTION = "When does the courier bring my parcel?";

/** Waits for words in the line that says how the training goes. */
const said = (page: Page, words: string | RegExp) => page.getByRole("status").filter({ hasText: words }).waitFor();
const stepOf = async (page: Page) => Number.parseInt((await page.locator("#step").textContent())!, 10);

/** What the page thinks of the question: labels and percentages, the likeliest first. */
async function askPage(page: Page): Promise<[label: string, percent: number][]> {
  await page.getByLabel("A text to label").fill(QUESTION);
  await page.keyboard.press("Enter");
  const items = page.getByRole("list", { name: "Labels, the likeliest first" }).getByRole("listitem");
  await items.first().waitFor();
  const texts = await items.evaluateAll((all) => all.map((item) => [...item.children].map((one) => one.textContent!)));
  return texts.map(([label, percent]) => [label!, Number.parseFloat(percent!)]);
}

/** Saves the model as the user does, and unpacks it into a folder. */
async function takeModel(page: Page): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save the model" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("my-model.zip");
  const folder = temporaryFolder();
  const { entries } = await unzip(new Uint8Array(readFileSync((await download.path())!)));
  for (const [name, entry] of Object.entries(entries)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), new Uint8Array(await entry.arrayBuffer()));
  }
  return folder;
}

describe("examples/vite-finetune", () => {
  needSite(EXAMPLE);

  it("trains on the sample, stops when told, labels a text, and saves a model that thinks the same in Node", {
    timeout: 110_000,
  }, async () => {
    const site = await build(EXAMPLE);
    const { page, errors } = await visit(await serve(EXAMPLE, ["preview", "--outDir", site]));
    await said(page, "Ready.");
    await page.getByRole("button", { name: "Use the sample" }).click();
    await said(page, "75 texts, 3 labels: delivery (25), payment (25), account (25)");
    expect(await page.getByLabel("Column of labels").inputValue()).toBe("topic");

    const train = page.getByRole("button", { name: "Train" });
    await train.click();
    await page.waitForFunction(() => document.querySelector("progress")!.value >= 5);
    expect(await page.getByRole("button", { name: "Save the model" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Stop" }).click();
    await said(page, /Stopped: \d+ steps/);
    await page.waitForFunction(() => !document.querySelector<HTMLButtonElement>("#save")!.disabled); // it has a model all the same
    const stopped = await stepOf(page);
    expect(stopped).toBeLessThan(300);

    await train.click();
    await said(page, /Trained: \d+ steps .* of training, \d+ % are labeled right/);
    expect(await stepOf(page)).toBeGreaterThan(stopped);
    const points = (await page.locator("#chart .mean").getAttribute("points"))!.split(" ");
    expect(points).toHaveLength(await stepOf(page));
    expect(Number(points.at(-1)!.split(",")[1])).toBeGreaterThan(Number(points[0]!.split(",")[1])); // downwards

    const thought = await askPage(page);
    expect(thought[0]![0]).toBe("delivery");
    const model = await RoFormer.load(await takeModel(page));
    const { scores } = await model.classify(QUESTION);
    expect(thought).toHaveLength(3);
    for (const [label, percent] of thought) expect(Math.abs(100 * scores[label]! - percent)).toBeLessThan(0.1);
    model.close();
    expect(errors).toEqual([]);
  });

  it("npm start: reads files of the user's, says what is wrong with one, and what the engine makes of the machine", async () => {
    const { page, errors } = await visit(await serve(EXAMPLE, []));
    await said(page, "Ready.");
    const doctor = await page.locator("#doctor").textContent();
    expect(doctor).toMatch(/Cores, without hyper-threads: \d+\. Threads that compute: \d+\..*threads?: /);
    expect(doctor).not.toContain("not cross-origin isolated");
    const choose = (name: string, text: string) =>
      page.setInputFiles("#file", { name, mimeType: "text/csv", buffer: Buffer.from(text) });

    const rows = Array.from({ length: 12 }, (_, i) => `${i},text number ${i},${i % 2 ? "odd" : "even"}`);
    await page.locator("#drop").evaluate(
      (drop, text) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([text], "numbers.csv"));
        drop.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
      },
      ["id,words,kind", ...rows].join("\n"),
    );
    await said(page, "numbers.csv: 12 texts, 2 labels: even (6), odd (6)");
    expect(await page.getByLabel("Column of texts").inputValue()).toBe("words");
    await choose("open.csv", ["id,words,kind", ...rows, '13,"open,odd'].join("\n"));
    await said(page, "open.csv:14: ");
    expect(await page.getByRole("button", { name: "Train" }).isDisabled()).toBe(true);
    expect(errors).toEqual([]);
  });

  it("has no wrong types", async () => {
    const tsc = join(ROOT, "node_modules", "typescript", "bin", "tsc");
    const { code, stdout } = await run([tsc, "-p", join(ROOT, "examples", EXAMPLE)]);
    expect(stdout).toBe("");
    expect(code).toBe(0);
  });
});
