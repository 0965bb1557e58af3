import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ConfigError, RoFormer } from "../../ts/index.js";
import {
  type EvaluationEvent,
  type FinetuneOptions,
  finetune,
  pretrain,
  schedules,
  type TrainingEvent,
} from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";

afterEach(() => {
  vi.restoreAllMocks();
});

const rows = Array.from({ length: 48 }, (_, i) => ({
  text: `${i % 2 ? "good" : "bad"} ${"word ".repeat(i % 5)}${i}`,
  label: i % 2 ? "y" : "n",
}));
const small = { layers: 2, width: 16, heads: 2, vocabSize: 60, dropout: 0.1, seed: 3, maskRate: 0 } as const;
const given = (change: object = {}): FinetuneOptions =>
  ({
    train: rows,
    valid: rows,
    text: "text",
    label: "label",
    ...small,
    batch: 8,
    steps: 4,
    ...change,
  }) as FinetuneOptions;

/** The events of a run, and its parameters at the end. */
async function run(change: object) {
  const [steps, evaluations, messages] = [[] as TrainingEvent[], [] as EvaluationEvent[], [] as string[]];
  const listeners = {
    onProgress: (event: TrainingEvent) => void steps.push(event),
    onEvaluation: (event: EvaluationEvent) => void evaluations.push(event),
    onMessage: (line: string) => void messages.push(line),
  };
  const { model, metrics } = await finetune(given({ ...listeners, ...change }));
  const values = new Map(model.parameters().map((one) => [one.name, one.read()]));
  model.close();
  return { steps, evaluations, messages, metrics, values };
}

describe("a run", () => {
  it("takes as many rows in micro-batches as in a batch, and does the same with them", async () => {
    const whole = await run({ batch: 8, steps: 3, lr: 1e-3 });
    const parts = await run({ batch: 2, gradientAccumulationSteps: 4, steps: 3, lr: 1e-3 });
    for (const [i, { loss, gradNorm }] of parts.steps.entries()) {
      expect(loss).toBeCloseTo(whole.steps[i]!.loss, 5);
      expect(gradNorm / whole.steps[i]!.gradNorm).toBeCloseTo(1, 4);
    }
    expect(whole.metrics.epochs).toBe(parts.metrics.epochs);
  });

  it("takes batches of tokens, and runs for tokens", async () => {
    const { steps, metrics } = await run({ batchTokens: 60, tokens: 900, steps: undefined });
    const tokens = steps.at(-1)!;
    expect(tokens.steps).toBeGreaterThan(10);
    expect(metrics.steps).toBe(tokens.steps);
    const folder = join(temporaryFolder(), "model");
    const all = await run({ batchTokens: 60, epochs: 2, steps: undefined, out: folder });
    expect(all.metrics.epochs).toBe(2);
  });

  it.each(schedules.names.filter((name) => name !== "noam"))("has rates of the schedule %s", async (schedule) => {
    const { steps } = await run({ schedule, steps: 10, warmupSteps: 3, lr: 2e-3, evalEvery: 100 });
    const rate = schedules.create(schedule, { lr: 2e-3, warmup: 3, total: 11 });
    expect(steps.map(({ lr }) => lr)).toEqual(Array.from({ length: 10 }, (_, i) => rate(i + 1)));
    expect(steps.every(({ lr }) => lr > 0)).toBe(true);
  });

  it("keeps frozen parameters bit for bit, and counts what it trains", async () => {
    const before = await run({ steps: 1, lr: 1e-30 });
    const after = await run({ steps: 5, lr: 1e-2, freeze: ["embeddings", "layer.0.*dense"] });
    for (const [name, values] of after.values) {
      const isFrozen = name.includes("embeddings") || /layer\.0\..*dense/.test(name);
      // The other run's rate moves zeros, and nothing else.
      const isSame = values.every((x, i) => Math.abs(x - before.values.get(name)![i]!) < 1e-20);
      expect(isSame, name).toBe(isFrozen);
    }
    expect(after.metrics.parameters).toBeLessThan(before.metrics.parameters);
  });

  it.each([
    [
      ["embedings"],
      'freeze: no parameter has "embedings" in its name; names are roformer.embeddings.word_embeddings.weight',
    ],
    [["*"], "freeze: * leave no parameter to train"],
  ])("refuses to freeze %j", async (freeze, message) => {
    await expect(finetune(given({ freeze }))).rejects.toThrow(message);
    await expect(finetune(given({ freeze }))).rejects.toBeInstanceOf(ConfigError);
  });

  it("trains adapters and the head alone, and saves them as an adapter's folder", async () => {
    const base = join(temporaryFolder(), "base");
    await run({ out: base, steps: 1 });
    const out = join(temporaryFolder(), "adapter");
    const rest = { train: rows, valid: rows, text: "text", label: "label", batch: 8, seed: 3, init: base };
    const { model, metrics } = await finetune({
      ...rest,
      steps: 200,
      lora: { r: 4, targetModules: "all-linear" },
      lr: 1e-2,
      out,
    });
    expect(metrics.parameters).toBeLessThan(4000);
    expect(metrics.accuracy).toBeGreaterThan(0.8);
    const texts = rows.map(({ text }) => text);
    const want = await model.classify(texts);
    model.close();
    const loaded = await RoFormer.load(out);
    const got = await loaded.classify(texts);
    for (const [i, { label, score }] of got.entries()) {
      expect(label).toBe(want[i]!.label);
      expect(score).toBeCloseTo(want[i]!.score, 5);
    }
    loaded.close();
    const both = finetune({ ...rest, lora: {}, freeze: ["embeddings"] });
    await expect(both).rejects.toThrow("freeze cannot be set together with lora");
  });

  it("moves lower layers less with layerDecay", async () => {
    const start = await run({ steps: 1, lr: 1e-30 });
    const { values } = await run({ steps: 1, lr: 1e-3, layerDecay: 0.1, weightDecay: 0 });
    const moved = (part: string) => {
      const [name] = [...values.keys()].filter((one) => one.includes(part));
      return Math.max(...values.get(name!)!.map((x, i) => Math.abs(x - start.values.get(name!)![i]!)));
    };
    // Adam's first step moves every number by about its rate.
    expect(moved("layer.1.intermediate.dense.weight") / moved("classifier.dense.weight")).toBeCloseTo(0.1, 3);
    expect(moved("layer.0.intermediate.dense.weight") / moved("classifier.dense.weight")).toBeCloseTo(0.01, 3);
  });

  it("evaluates and saves the average of the weights, which is that of a formula in f64", async () => {
    const plain: Map<string, Float32Array>[] = [];
    const options = { lr: 1e-2, dropout: 0, valid: rows.slice(0, 4) };
    for (let steps = 1; steps <= 3; steps++) {
      // A constant rate, so that shorter runs are the beginning of longer ones.
      const { model } = await finetune(given({ ...options, steps, schedule: "constant", warmup: 0, evalEvery: 100 }));
      plain.push(new Map(model.parameters().map((one) => [one.name, one.read()])));
      model.close();
    }
    const first = await run({ ...options, steps: 1, lr: 1e-30, schedule: "constant", warmup: 0 });
    const averaged = await run({ ...options, steps: 3, ema: 0.9, schedule: "constant", warmup: 0, evalEvery: 100 });
    for (const [name, values] of averaged.values) {
      const want = Float64Array.from(first.values.get(name)!);
      for (const [n, state] of plain.entries()) {
        const decay = Math.min(0.9, (2 + n) / (11 + n));
        for (const [i, x] of state.get(name)!.entries()) want[i] = decay * want[i]! + (1 - decay) * x;
      }
      for (const [i, x] of values.entries()) expect(Math.abs(x - want[i]!)).toBeLessThan(1e-6);
    }
  });

  it("ends after evaluations without a better one, and when a listener says so", async () => {
    const early = await run({ steps: 60, evalEvery: 5, patience: 2, lr: 1e-30 });
    expect(early.metrics.steps).toBe(15);
    expect(early.messages).toContain("nothing better in 2 evaluations: the training ends");
    const { model, metrics } = await finetune(given({ steps: 60, evalEvery: 5, onEvaluation: () => "stop" }));
    expect(metrics).toMatchObject({ steps: 5, accuracy: expect.any(Number) });
    model.close();
  });

  it("keeps the best by any metric", async () => {
    const evaluations: EvaluationEvent[] = [];
    const onEvaluation = (event: EvaluationEvent) => void evaluations.push(event);
    const options = { metric: "loss", steps: 40, evalEvery: 4, lr: 0.05, onEvaluation };
    const { model, metrics } = await finetune(given(options));
    model.close();
    const losses = evaluations.map((event) => (event.metrics as { loss: number }).loss);
    expect(metrics.loss).toBe(Math.min(...losses));
    expect(evaluations).toHaveLength(10);
    expect(evaluations[0]).toMatchObject({ step: 4, epoch: 1, metrics: { n: 48 } });
  });

  it("logs every step and every evaluation", async () => {
    const out = join(temporaryFolder(), "model");
    await run({ steps: 4, evalEvery: 2, out });
    const log = readFileSync(join(out, "log.jsonl"), "utf8").trim().split("\n");
    const lines = log.map((line) => JSON.parse(line) as { step: number; valid?: { accuracy: number } });
    expect(lines.map(({ step, valid }) => [step, valid !== undefined])).toEqual([
      ...[
        [1, false],
        [2, false],
        [2, true],
      ],
      ...[
        [3, false],
        [4, false],
        [4, true],
      ],
    ]);
    (await RoFormer.load(out)).close();
  });
});

it("pretrain takes micro-batches of the same windows and masks as a batch", async () => {
  const bytes = new TextEncoder().encode("the cat sat on the mat and the dog ran far. ".repeat(60));
  const losses = async (change: object) => {
    const found: number[] = [];
    const onProgress = ({ loss }: TrainingEvent) => void found.push(loss);
    const options = { objective: "mlm" as const, data: [{ name: "a.txt", bytes }], vocabSize: 60, maxLength: 16 };
    const { model } = await pretrain({
      ...options,
      ...small,
      maskRate: undefined,
      steps: 3,
      onProgress,
      ...change,
    } as never);
    model.close();
    return found;
  };
  const [whole, parts] = [await losses({ batch: 8 }), await losses({ batch: 2, gradientAccumulationSteps: 4 })];
  for (const [i, loss] of whole.entries()) expect(parts[i]).toBeCloseTo(loss, 4);
});
