import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { engine } from "../../ts/engine/engine.js";
import { ConfigError, DataError } from "../../ts/errors.js";
import { type FinetuneOptions, finetune } from "../../ts/train/index.js";
import { pretrainedRate } from "../../ts/train/settings/finetune.js";
import { ROOT, temporaryFolder } from "../process.js";

const rows = Array.from({ length: 20 }, (_, i) => ({ text: `${i % 2 ? "good" : "bad"} ${i}`, label: i % 2 }));
const small = { layers: 1, width: 8, heads: 2, vocabSize: 80, batch: 8, steps: 2 };
const run = (options: object) =>
  finetune({ train: rows, text: "text", label: "label", ...small, ...options } as FinetuneOptions);

const file = { name: "a.csv", bytes: new Blob(["text,label\n"]) };
/** Rows of so many different texts, of two labels. */
const few = (count: number, texts: number) =>
  Array.from({ length: count }, (_, i) => ({ text: `text ${i % texts}`, label: (i % texts) % 2 }));

describe("finetune", () => {
  it.each([
    [{ text: undefined }, ConfigError, "text is undefined, not the name of a column"],
    [{ label: 5 }, ConfigError, "label is 5, not the name of a column"],
    [{ steps: Number.NaN }, ConfigError, "steps is NaN, not a whole number of at least 1"],
    [{ epochs: 0, steps: undefined }, ConfigError, "epochs is 0, not a whole number of at least 1"],
    [{ maxLength: 2 }, ConfigError, "maxLength is 2, not a whole number of at least 3"],
    [{ seed: -1 }, ConfigError, "seed is -1, not a whole number from 0 to 2^53 − 1"],
    [{ lr: "1e-3" }, ConfigError, 'lr is "1e-3", a string, not a positive number'],
    [{ epochs: "3" }, ConfigError, 'epochs is "3", a string, not a whole number of at least 1'],
    [{ separator: "::", train: file }, ConfigError, 'separator is "::", not one character'],
    [{ train: [...rows, { text: "x", label: Number.NaN }] }, DataError, 'train[20]: "label" is NaN, not a text'],
    [{ train: [...rows, { text: Infinity, label: 1 }] }, DataError, 'train[20]: "text" is Infinity, not a text'],
    [{ train: [...rows, { text: "x", label: null }] }, DataError, 'train[20]: "label" is null, not a text'],
    [{ train: [...rows, { text: "x", label: "once" }] }, DataError, 'train[20]: the label "once" occurs once'],
    [
      { train: few(40, 3) },
      DataError,
      "train: 40 rows have only 3 different texts, and rows of one text stay together",
    ],
    [{ train: few(4, 4) }, DataError, "train: 4 rows are too few to hold some out; name rows to validate with (valid)"],
    [{ train: few(4, 2) }, DataError, "train: 4 rows are too few to hold some out: they have only 2 different texts"],
    [{ valid: [{ text: "x", label: 2 }] }, DataError, 'valid[0]: unknown label "2"; known are "0", "1"'],
    [{ train: undefined }, DataError, "train is undefined, not a path, rows, bytes with a name, or two files"],
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

  it("has a higher default rate for a smaller pretrained model", async () => {
    expect([110e6, 22e6, 1e6, 3e5, 1e4, 1e9].map(pretrainedRate)).toEqual([2.2e-5, 5e-5, 2.3e-4, 4.3e-4, 5e-4, 2e-5]);
    const init = join(temporaryFolder(), "model");
    (await run({ out: init })).model.close();
    const rates: number[] = [];
    const onProgress = ({ lr }: { lr: number }) => void rates.push(lr);
    const options = { train: rows, text: "text", label: "label", batch: 8, steps: 1, warmup: 0, onProgress };
    for (const lr of [undefined, 1e-4]) (await finetune({ ...options, init, lr })).model.close();
    expect(rates).toEqual([5e-4 / 2, 1e-4 / 2]); // a step after the start of a fall over two
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

  describe("on a model that tells classes apart", () => {
    const kept = { steps: 1, lr: 1e-12, batch: 8 };
    const output = /^classifier\.out_proj\./;
    const sorted = ["NEGATIVE", "POSITIVE"];
    const texts = (one: string, other: string) => rows.map(({ text, label }) => ({ text, label: label ? one : other }));
    let folder: string;

    /** Fine-tunes the model with a rate that changes nothing. */
    async function begin(train: object[], config: object = {}) {
      const path = join(temporaryFolder(), "changed");
      cpSync(folder, path, { recursive: true });
      const file = join(path, "config.json");
      writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...config }));
      const messages: string[] = [];
      const onMessage = (line: string) => messages.push(line);
      const options = { train, valid: train, text: "text", label: "label", init: path, onMessage, ...kept };
      const { model, metrics } = await finetune(options as FinetuneOptions);
      const weights = model
        .parameters()
        .find(({ name }) => output.test(name))!
        .read();
      const labels = Object.values(model.config.id2label!);
      model.close();
      return { labels, accuracy: metrics.accuracy, messages, weights };
    }

    const named = (...names: string[]) => ({
      id2label: Object.fromEntries(names.map((name, id) => [id, name])),
      label2id: Object.fromEntries(names.map((name, id) => [name, id])),
    });

    let own: Float32Array;
    beforeAll(async () => {
      folder = join(temporaryFolder(), "model");
      const train = texts("NEGATIVE", "POSITIVE");
      const { model, metrics } = await run({ out: folder, train, valid: train, steps: 60, lr: 1e-2, dropout: 0 });
      expect(metrics.accuracy).toBe(1);
      own = model
        .parameters()
        .find(({ name }) => output.test(name))!
        .read();
      model.close();
    });

    it.each<[string, string[], string[], object]>([
      ["the model's order", ["good", "bad"], ["bad", "good"], named("bad", "good")],
      [
        "the order against the alphabet",
        ["NEGATIVE", "POSITIVE"],
        ["POSITIVE", "NEGATIVE"],
        named("POSITIVE", "NEGATIVE"),
      ],
      ["numbers", ["0", "1"], ["1", "0"], named("1", "0")],
      ["numbers for LABEL_0 and LABEL_1", ["1", "0"], ["0", "1"], named("LABEL_0", "LABEL_1")],
      ["the names of label2id", ["b", "a"], ["a", "b"], { id2label: null, label2id: { a: 0, b: 1 } }],
    ])("keeps its head and order where the labels are the same: %s", async (_, [good, bad], want, config) => {
      // The model was trained with the second class, POSITIVE of the sorted labels, for "bad" texts.
      const [one, other] = want[1] === bad ? [good!, bad!] : [bad!, good!];
      const found = await begin(texts(one, other), config);
      expect(found).toMatchObject({ labels: want, accuracy: 1 });
      expect([...found.weights].every((x, i) => Math.abs(x - own[i]!) < 1e-6)).toBe(true);
      expect(found.messages.join()).not.toContain("fresh");
    });

    it.each<[string, string[], object, string]>([
      [
        "other labels",
        ["ham", "spam"],
        {},
        "the model tells NEGATIVE, POSITIVE apart and the texts have ham, spam: its output layer",
      ],
      ["numbers for names", ["0", "1"], {}, "the model tells NEGATIVE, POSITIVE apart and the texts have 0, 1"],
      [
        "several labels a text",
        sorted,
        { problem_type: "multi_label_classification" },
        "has problem_type multi_label_class",
      ],
      [
        "two values",
        sorted,
        { problem_type: "regression" },
        "the model has problem_type regression and the texts have one",
      ],
    ])("begins with a fresh output layer, and says so: %s", async (_, labels, config, message) => {
      const found = await begin(texts(labels[0]!, labels[1]!), config);
      expect(found.labels).toEqual(labels);
      expect(found.messages.join("\n")).toContain(message);
      expect(found.messages).toContain("fresh weights: classifier.out_proj.weight, classifier.out_proj.bias");
      expect([...found.weights].some((x, i) => Math.abs(x - own[i]!) > 1e-3)).toBe(true);
      const again = await begin(texts(labels[0]!, labels[1]!), config);
      expect(again.weights).toEqual(found.weights);
    });

    it("begins with a fresh output layer of another size: some of the labels, and more of them", async () => {
      const three = rows.map(({ text }, i) => ({ text, label: ["NEGATIVE", "POSITIVE", "neutral"][i % 3] }));
      const found = await begin(three);
      expect(found.messages).toContain(
        "the model tells NEGATIVE, POSITIVE apart and the texts have NEGATIVE, POSITIVE, neutral: its output layer begins with fresh weights",
      );
      expect(found.labels).toEqual(["NEGATIVE", "POSITIVE", "neutral"]);
      expect(found.messages).toContain("fresh weights: classifier.out_proj.weight, classifier.out_proj.bias");
    });
  });

  it("begins with a fresh output layer on a model of one value a text", async () => {
    const init = join(ROOT, "test/golden/evaluate/regression");
    const messages: string[] = [];
    const onMessage = (line: string) => messages.push(line);
    const train = rows.map(({ text, label }) => ({ text, label: label ? "good" : "bad" }));
    const { model } = await finetune({ train, text: "text", label: "label", init, steps: 1, onMessage });
    expect(model.config).toMatchObject({
      problem_type: "single_label_classification",
      id2label: { 0: "bad", 1: "good" },
    });
    model.close();
    expect(messages).toContain(
      "the model has problem_type regression and the texts have one label each: its output layer begins with fresh weights",
    );
    expect(messages).toContain("fresh weights: classifier.weight, classifier.bias");
  });

  it.each([
    ["Chinese", "这家酒店的房间很大而且服务也非常好".repeat(4)],
    ["Japanese", "このホテルの部屋はとても広くてサービスもよかったです".repeat(3)],
    ["Thai", "โรงแรมนี้ห้องกว้างมากและบริการก็ดีมาก".repeat(2)],
    ["code", "for(let i=0;i<n;i++){a[i]=b[i]*c[i];}".repeat(3)],
    ["a URL", `https://example.org/${"a-b/c_d?e=f&".repeat(8)}`],
    ["English", "the room of this hotel is large and the service was very good ".repeat(3)],
  ])("cuts texts so that nine in ten fit, and says what is lost: %s", async (_, text) => {
    const train = Array.from({ length: 40 }, (_, i) => ({
      text: `${i} ${i === 7 ? Array(30).fill(text).join(" ") : text}`,
      label: i % 2,
    }));
    const messages: string[] = [];
    const { model } = await run({
      train,
      valid: train,
      steps: 1,
      vocabSize: undefined,
      onMessage: (line: string) => messages.push(line),
    });
    const lengths = train.map((row) => model.tokenizer!.encode(row.text).ids.length);
    const most = model.tokenizer!.modelMaxLength!;
    const typical = lengths.toSorted((a, b) => a - b)[20]!;
    model.close();
    expect(most).toBe(Math.min(256, 16 * Math.ceil(typical / 16)));
    const lost = lengths.reduce((sum, length) => sum + Math.max(0, length - most), 0);
    const share = (100 * lost) / lengths.reduce((sum, length) => sum + length, 0);
    expect(messages).toContain(
      `1 of 40 texts (2.5 %) are cut to ${most} tokens: ${share.toFixed(1)} % of all tokens are lost`,
    );
  });

  it("says so where no text is cut", async () => {
    const messages: string[] = [];
    const { model } = await run({ steps: 1, onMessage: (line: string) => messages.push(line) });
    model.close();
    expect(messages).toContain("no text is longer than 16 tokens");
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
