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
});
