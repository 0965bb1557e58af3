import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { ConfigError, DataError } from "../../ts/errors.js";
import { type FinetuneOptions, finetune } from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";

const rows = Array.from({ length: 20 }, (_, i) => ({ text: `${i % 2 ? "good" : "bad"} ${i}`, label: i % 2 }));
const small = { layers: 1, width: 8, heads: 2, vocabSize: 80, batch: 8, steps: 2 };
const run = (options: object) =>
  finetune({ train: rows, text: "text", label: "label", ...small, ...options } as FinetuneOptions);

describe("finetune", () => {
  it.each([
    [{ text: undefined }, ConfigError, "text is undefined, not the name of a column"],
    [{ label: 5 }, ConfigError, "label is 5, not the name of a column"],
    [{ steps: Number.NaN }, ConfigError, "steps is NaN, not a whole number of at least 1"],
    [{ epochs: 0, steps: undefined }, ConfigError, "epochs is 0, not a whole number of at least 1"],
    [{ maxLength: 2 }, ConfigError, "maxLength is 2, not a whole number of at least 3"],
    [{ seed: -1 }, ConfigError, "seed is -1, not a whole number from 0 to 2^53 − 1"],
    [{ train: undefined }, DataError, "train is undefined, not a path, rows, or bytes with a name"],
    [{ train: [...rows, null] }, DataError, "train[20] is null, not a row"],
    [{ train: [...rows, { text: { a: 1 }, label: 0 }] }, DataError, 'train[20]: "text" is an object, not a text'],
    [{ text: "constructor" }, DataError, 'train[0]: no column "constructor"; there are text, label'],
  ])("refuses %j, and leaves nothing in the engine", async (options, type, message) => {
    const before = engine().live();
    const running = run(options);
    await expect(running).rejects.toThrow(message);
    await expect(running).rejects.toBeInstanceOf(type);
    expect(engine().live()).toBe(before);
  });

  it("saves nothing if it is stopped before the first step", async () => {
    const out = temporaryFolder();
    const before = engine().live();
    const controller = new AbortController();
    const whileVocabularyIsTrained = { signal: controller.signal, onMessage: () => controller.abort() };
    for (const options of [{ signal: AbortSignal.abort() }, whileVocabularyIsTrained]) {
      const running = run({ out: join(out, "model"), ...options });
      await expect(running).rejects.toThrow("stopped before the first step; nothing was saved");
    }
    expect(readdirSync(out)).toEqual([]);
    expect(engine().live()).toBe(before);
  });

  it("gives the engine's memory back if a listener throws", async () => {
    const before = engine().live();
    const onProgress = () => {
      throw new Error("mine");
    };
    await expect(run({ onProgress })).rejects.toThrow("mine");
    expect(engine().live()).toBe(before);
  });

  it("begins with a model's weights and another attention", async () => {
    const folder = join(temporaryFolder(), "softmax");
    const messages: string[] = [];
    const first = await run({ out: folder });
    const { layers, width, vocabSize, heads, ...rest } = small;
    const options = { ...rest, ...{ layers: undefined, width: undefined, heads: undefined, vocabSize: undefined } };
    const change = { init: folder, attention: "performer", rotation: "rotate-before", numRandomFeatures: 6, lr: 1e-12 };
    const linear = await run({ ...options, ...change, onMessage: (line: string) => messages.push(line) });
    const projection = "roformer.encoder.layer.0.attention.self.projection_matrix";
    expect(messages).toContain(`fresh weights: ${projection}`);
    expect(linear.model.config.roformer_js).toMatchObject({ attention: "performer", rotation: "rotate-before" });
    const [before, after] = [first, linear].map(({ model }) => model.parameters());
    expect(after!.map(({ name }) => name)).toEqual(before!.map(({ name }) => name));
    for (const [i, parameter] of after!.entries()) {
      for (const [j, x] of parameter.read().entries()) expect(x).toBeCloseTo(before![i]!.read()[j]!, 6);
    }
    for (const { model } of [first, linear]) model.close();
  });

  it("keeps the random features that the best epoch had", async () => {
    const messages: string[] = [];
    const options = { attention: "performer", steps: 15, featureRedrawInterval: 1, valid: rows, lr: 0.1 };
    const { model, metrics } = await run({ ...options, onMessage: (line: string) => messages.push(line) });
    const epochs = messages.flatMap((line) => {
      const [, accuracy, loss] = /accuracy (\S+) %, loss (\S+)/.exec(line) ?? [];
      return accuracy ? [{ accuracy: Number(accuracy), loss: Number(loss) }] : [];
    });
    const [best] = epochs.toSorted((a, b) => b.accuracy - a.accuracy || a.loss - b.loss);
    expect(best!.loss).toBeLessThan(epochs.at(-1)!.loss); // or else nothing had to be restored
    expect(metrics.loss).toBeCloseTo(best!.loss, 4);
    model.close();
  });
});
