import { describe, expect, it } from "vitest";
import { memory, type RoFormer } from "../../ts/index.js";
import { finetune, type Plan, pretrain } from "../../ts/train/index.js";
import { ask } from "../engine/programs.js";

const WORDS = "the a good bad film story of and never was plot actor scene great poor dull fine long short".split(" ");
const textOf = (i: number, words: number) =>
  Array.from({ length: words }, (_, j) => WORDS[(i * 31 + j * j) % WORDS.length]).join(" ");
const rows = (count: number, most: number) =>
  Array.from({ length: count }, (_, i) => ({ text: textOf(i, 1 + ((i * 7) % most)), label: i % 2 ? "a" : "b" }));
const corpus = (lines: number) => ({
  name: "a.txt",
  bytes: new TextEncoder().encode(Array.from({ length: lines }, (_, i) => `${textOf(i, 9)} ${i % 977}.\n`).join("")),
});

type Listened = { readonly onPlan: (plan: Plan) => void };
const classify = (count: number, most: number, options: object) => (listened: Listened) =>
  finetune({ train: rows(count, most), text: "text", label: "label", bagOfWords: false, ...options, ...listened });
const language = (objective: "clm" | "mlm", options: object) => (listened: Listened) =>
  pretrain({ objective, data: [corpus(2000)], steps: 5, ...options, ...listened });

describe("the memory that a plan predicts is within 15 % of what a run needs", () => {
  it.each<[string, (listened: Listened) => Promise<{ readonly model: RoFormer }>]>([
    ["many short texts", classify(300, 30, { layers: 2, width: 64, batch: 32, steps: 12 })],
    ["few long texts", classify(80, 300, { layers: 2, width: 64, batch: 8, maxLength: 192, steps: 12 })],
    [
      "micro-batches and an average",
      classify(120, 60, { width: 128, batch: 16, gradientAccumulationSteps: 2, ema: 0.9, steps: 4 }),
    ],
    ["layers computed twice", classify(120, 60, { layers: 4, width: 128, batch: 32, recompute: true, steps: 4 })],
    ["a Performer", classify(120, 60, { attention: "performer", width: 64, batch: 16, steps: 6 })],
    ["batches by tokens", classify(200, 80, { width: 64, batchTokens: 900, steps: 8 })],
    ["a few rows a batch", classify(60, 10, { layers: 1, width: 16, heads: 2, batch: 2, steps: 10 })],
    ["frozen embeddings", classify(120, 40, { width: 128, freeze: ["embeddings"], batch: 16, steps: 6 })],
    ["a causal language model", language("clm", { tokenizer: "byte", width: 64, maxLength: 96, batch: 12 })],
    ["a masked language model", language("mlm", { width: 96, heads: 3, maxLength: 48, batch: 24 })],
  ])("%s", async (_, run) => {
    let plan: Plan | undefined;
    const { model } = await run({
      onPlan: (one) => {
        plan = one;
      },
    });
    const { peak } = memory();
    const parameters = model.parameters().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    model.close();
    expect(plan!.parameters).toBe(parameters);
    expect(plan!.memory / peak).toBeGreaterThan(0.85);
    expect(plan!.memory / peak).toBeLessThan(1.15);
  });
});

it("is in words before the first step, and the time of the rest after 20", async () => {
  const said: string[] = [];
  const { model } = await classify(200, 10, {
    layers: 1,
    width: 16,
    heads: 2,
    batch: 4,
    steps: 60,
    freeze: ["word_embeddings"],
  })({
    onPlan: ({ parameters, trained }) => {
      expect(trained).toBeLessThan(parameters);
      said.push("planned");
    },
    ...{
      onMessage: (line: string) => said.push(line),
      onProgress: ({ step }: { step: number }) => said.push(`step ${step}`),
    },
  });
  model.close();
  const plan = said.findIndex((line) =>
    /^[\d,]+ parameters, [\d,]+ trained; \d+ tokens a step; about \d+ MiB of the engine's memory$/.test(line),
  );
  expect(said.slice(plan, plan + 3).slice(1)).toEqual(["planned", "step 1"]);
  expect(said[said.indexOf("step 20") + 1]).toMatch(/^about \d+ s left for 40 steps, without evaluations$/);
});

interface Tried {
  readonly refused?: string;
  readonly peak: number;
}

/** A run in an engine of 48 MiB. */
const tried = (options: object) => ask<Tried>("smallMemory.mjs", options);

describe("a run that does not fit", () => {
  it("is refused before its first step, with advice that works", async () => {
    const { refused } = await tried({ batch: 64 });
    expect(refused).toMatch(
      /^the run needs about [\d,]+ MiB of the engine's memory, which has 48 MiB: these would fit: /,
    );
    const [, batch, parts] = /batch (\d+) with gradientAccumulationSteps (\d+) \(about \d+ MiB\)/.exec(refused!)!;
    expect(Number(batch) * Number(parts)).toBe(64);
    const divided = await tried({ batch: Number(batch), gradientAccumulationSteps: Number(parts) });
    expect(divided.refused).toBeUndefined();
    expect(divided.peak).toBeLessThan(48 * 2 ** 20);
  });

  it("names the smaller model where nothing else helps", async () => {
    const { refused } = await tried({ batch: 2, width: 512, layers: 3 });
    expect(refused).toMatch(/take a smaller model, a smaller maxLength, or train fewer parameters \(freeze, lora\)$/);
  });
});
