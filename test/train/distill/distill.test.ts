import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, DataError, RoFormer } from "../../../ts/index.js";
import { distill } from "../../../ts/train/index.js";
import { temporaryFolder } from "../../process.js";
import { PIECES, SHORT, sentences, teacherFiles, textFile } from "./teachers.js";

const data = textFile(sentences(120));

type Options = Parameters<typeof distill>[0];

/** A run, the losses of its evaluations and what it says. */
async function ran(options: Partial<Options> & Pick<Options, "teacher">) {
  const [losses, said]: [number[], string[]] = [[], []];
  const result = await distill({
    ...{ data, ...SHORT, evalEvery: 8 },
    ...options,
    onEvaluation: ({ metrics }) => void losses.push((metrics as { loss: number }).loss),
    onMessage: (line) => void said.push(line),
  });
  return { ...result, losses, said };
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, one, i) => sum + one * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

describe("distill", () => {
  it.each([
    ["vectors", "base", {}],
    ["vectors", "base", { distance: "mse", tokenWeight: 0 }],
    ["vectors", "base", { clsWeight: 1 }],
    ["contrastive", "base", {}],
    ["hidden", "base", {}],
    ["logits", "masked-lm", { topTokens: 8 }],
    ["logits", "sequence-classification", { temperature: 1 }],
    ["vectors", "base", { width: 8 }],
    ["hidden", "base", { width: 8, position: "learned" }],
  ] as const)("teaches a student %s of a %s teacher: %o", async (loss, head, more) => {
    const teacher = await teacherFiles(head, { num_labels: 3 });
    const { model, losses, metrics } = await ran({
      teacher,
      loss,
      layers: 2,
      vocabSize: PIECES - 4,
      ...SHORT,
      epochs: 6,
      evalEvery: 6,
      ...more,
    });
    expect(losses.at(-1)).toBeLessThan(0.9 * losses[0]!);
    expect(metrics.loss).toBe(losses.at(-1));
    expect(model.head).toBe(head);
    expect(model.config).toMatchObject({
      model_type: "position" in more ? "bert" : "roformer",
      num_hidden_layers: 2,
      vocab_size: PIECES - 4,
      hidden_size: "width" in more ? more.width : 16,
      num_attention_heads: "width" in more ? 1 : 2,
      hidden_dropout_prob: 0.1,
    });
    expect(metrics.settings).toMatchObject({ loss, keepLayers: [0, 2], vocabSize: PIECES - 4 });
    expect(metrics.bytes).toBe(4 * metrics.parameters);
    expect(metrics.parameters).toBeLessThan(metrics.teacherParameters);
    expect(metrics.textsPerSecond).toBeGreaterThan(0);
    model.close();
  });

  it("learns what a teacher makes of hidden tokens the more exactly the more it tells apart", async () => {
    const teacher = await teacherFiles("masked-lm");
    // All layers, positions and words: the student is the teacher, and no rest is left out.
    const same = { teacher, layers: 3, position: "learned", steps: 1, lr: 1e-12 } as const;
    const { model, metrics } = await ran({ ...same, topTokens: 1000 });
    expect(metrics.loss).toBeLessThan(1e-6);
    expect(metrics.agreement).toBe(1);
    model.close();
  });

  it("keeps the vectors of a teacher that a student is wholly made of", async () => {
    const teacher = await teacherFiles();
    const { model, metrics } = await ran({ teacher, layers: 3, position: "learned", steps: 1, lr: 1e-12 });
    expect(metrics.cosine).toBeCloseTo(1, 6);
    expect(metrics.loss).toBeLessThan(1e-5); // states are kept as f16
    expect(model.sentences).toMatchObject({ pooling: "mean", modules: ["Transformer", "Pooling"] });
    model.close();
  });

  it("teaches the first token's state the text's vector by clsWeight", async () => {
    const teacher = await teacherFiles();
    const texts = sentences(120);
    using own = await RoFormer.load(teacher, { head: "base" });
    const wanted = await own.embed(texts);
    /** Mean of 1 − cosine of the student's first states and the teacher's vectors. */
    const distance = async (clsWeight: number) => {
      const { model } = await ran({ teacher, layers: 2, epochs: 40, lr: 1e-2, tokenWeight: 0, clsWeight });
      const cosines = texts.map((text, i) => {
        const { lastHiddenState } = model.forward({ inputIds: [[...model.tokenizer!.encode(text).ids]] });
        return cosine(lastHiddenState!.data.subarray(0, 16), wanted[i]!);
      });
      model.close();
      return 1 - cosines.reduce((sum, one) => sum + one, 0) / texts.length;
    };
    expect(await distance(1)).toBeLessThan(0.5 * (await distance(0)));
  });

  it("scores both models on labeled rows", async () => {
    const teacher = await teacherFiles();
    const valid = sentences(30, 2).map((a, i) => ({ a, b: sentences(30, 3)[i]!, score: i % 5 }));
    const { model, metrics } = await ran({ teacher, valid, text: "a", textPair: "b", label: "score", layers: 2 });
    expect(metrics).toMatchObject({
      metric: "spearman",
      rows: 30,
      score: expect.any(Number),
      teacherScore: expect.any(Number),
    });
    expect(metrics.kept).toBe(metrics.score! / metrics.teacherScore!);
    const again = await RoFormer.load(teacher, { head: "base" });
    const texts = valid.flatMap(({ a, b }) => [a, b]);
    const { spearman } = (await import("../../../ts/train/index.js")).metrics;
    const vectors = await again.embed(texts, { normalize: true });
    const cosines = valid.map((_, i) => vectors[2 * i]!.reduce((sum, x, j) => sum + x * vectors[2 * i + 1]![j]!, 0));
    expect(metrics.teacherScore).toBeCloseTo(
      spearman(
        cosines,
        valid.map(({ score }) => score),
      ),
      5,
    );
    for (const one of [model, again]) one.close();
  });

  it("reads sentences, phrases and pairs", async () => {
    const teacher = await teacherFiles();
    const book = {
      name: "book.txt",
      bytes: new TextEncoder().encode(
        `${sentences(80)
          .map((one, i) => `${one}${i % 3 ? ". The" : ".\n\nA"}`)
          .join(" ")}`,
      ),
    };
    const { model, metrics } = await ran({
      teacher,
      data: book,
      split: "sentences",
      phrases: 0.3,
      maxTexts: 40,
      steps: 1,
    });
    expect(metrics.split).toEqual({ train: 38, valid: 2, heldOut: true });
    model.close();
    const pairs = {
      name: "pairs.jsonl",
      bytes: new TextEncoder().encode(
        sentences(40)
          .map((a, i) => JSON.stringify({ a, b: sentences(40, 5)[i] }))
          .join("\n"),
      ),
    };
    const crossed = await ran({
      teacher,
      data: pairs,
      dataText: "a",
      dataTextPair: "b",
      loss: "contrastive",
      steps: 1,
    });
    expect(crossed.metrics.split).toEqual({ train: 76, valid: 4, heldOut: true });
    crossed.model.close();
  });
});

describe("the cache of a teacher's outputs", () => {
  const lines = sentences(1100);
  const counts = (said: readonly string[]) =>
    said.flatMap((line) => {
      const found = /texts: (\d+) computed, (\d+) from/.exec(line);
      return found ? [[Number(found[1]), Number(found[2])]] : [];
    });

  it("is read by later runs, and not if it is another teacher's, other texts', or damaged", async () => {
    const teacher = await teacherFiles();
    const cache = join(temporaryFolder(), "cache");
    const run = async (more: Partial<Options> = {}) => {
      const { model, said, metrics } = await ran({ teacher, data: textFile(lines), steps: 2, cache, ...more });
      const weights = model.parameters().map(({ read }) => read);
      model.close();
      return { computed: counts(said), loss: metrics.loss, weights };
    };
    const first = await run();
    expect(first.computed).toEqual([
      [1045, 0],
      [55, 0],
    ]);
    const again = await run({ layers: 1 });
    expect(again.computed).toEqual([
      [0, 1045],
      [0, 55],
    ]);
    expect((await run()).loss).toBe(first.loss);
    expect((await run({ teacher: await teacherFiles("base", { initializer_range: 0.4 }) })).computed).toEqual([
      [1045, 0],
      [55, 0],
    ]);
    expect((await run({ data: textFile(sentences(1100, 8)) })).computed).toEqual([
      [1045, 0],
      [55, 0],
    ]);
    for (const damage of [cut, flip]) {
      for (const file of readdirSync(cache)) damage(join(cache, file));
      const repaired = await run();
      expect(repaired.computed).toEqual([
        [1045, 0],
        [55, 0],
      ]);
      expect(repaired.loss).toBe(first.loss);
    }
  });

  it("is in the model's folder where nothing else is said, in parts that a crash leaves whole", async () => {
    const out = join(temporaryFolder(), "out");
    const teacher = await teacherFiles();
    const controller = new AbortController();
    const data = textFile(lines);
    const stopping = distill({
      ...SHORT,
      teacher,
      data,
      out,
      signal: controller.signal,
      onPlan: () => controller.abort(),
    });
    await expect(stopping).rejects.toThrow("stopped before the first step");
    expect(readdirSync(join(out, "teacher-cache"))).toHaveLength(3);
    const { model, said } = await ran({ teacher, data, out, steps: 1 });
    expect(counts(said)).toEqual([
      [0, 1045],
      [0, 55],
    ]);
    model.close();
    expect(readdirSync(out)).toEqual(
      expect.arrayContaining(["model.safetensors", "modules.json", "teacher-cache", "vocab.txt"]),
    );
  });

  const cut = (file: string) => truncateSync(file, readFileSync(file).length - 4);
  const flip = (file: string) => {
    const bytes = readFileSync(file);
    bytes[40]! ^= 1;
    writeFileSync(file, bytes);
  };
});

describe("distill refuses", () => {
  it.each([
    ["no text", { data: textFile(["", " "]) }, DataError, "texts.txt: there is no text"],
    [
      "one text",
      { data: textFile(["a cat"]) },
      DataError,
      "texts.txt: there is one text; expected at least 2, one to hold out",
    ],
    ["more layers than there are", { layers: 4 }, ConfigError, "layers is 4; expected at most 3, the teacher's"],
    ["unknown layers", { keepLayers: [0, 3] }, ConfigError, "keepLayers names layer 3; the teacher has layers 0 to 2"],
    [
      "layers in another order",
      { keepLayers: [1, 0] },
      ConfigError,
      "keepLayers is [1,0], not a list of whole numbers from 0, ascending",
    ],
    [
      "two numbers of layers",
      { keepLayers: [0], layers: 2 },
      ConfigError,
      "layers is 2, and keepLayers names 1: set one of them",
    ],
    [
      "a vocabulary that is too large",
      { vocabSize: PIECES + 1 },
      ConfigError,
      `vocabSize is ${PIECES + 1}; expected at most ${PIECES}, the teacher's`,
    ],
    ["a vocabulary that is too small", { vocabSize: 5 }, ConfigError, "vocabSize is 5; expected at least"],
    [
      "logits of an encoder",
      { loss: "logits" },
      ConfigError,
      'loss "logits" needs a teacher with the head sequence-classification or masked-lm; this one\'s is base',
    ],
    [
      "a width that heads do not divide",
      { width: 12 },
      ConfigError,
      "width is 12; expected a multiple of 8, the size of the teacher's heads",
    ],
    ["a width above the teacher's", { width: 24 }, ConfigError, "width is 24; expected at most 16, the teacher's"],
    [
      "rows to score without columns",
      { valid: [{ a: "a" }] },
      ConfigError,
      "valid of text vectors needs the columns text, textPair and label",
    ],
    [
      "pairs without a use",
      {
        dataTextPair: "b",
        data: { name: "a.jsonl", bytes: new TextEncoder().encode('{"text":"a","b":"c"}\n{"text":"d","b":"e"}\n') },
      },
      ConfigError,
      'dataTextPair is for loss "contrastive"',
    ],
    ["an option of other runs", { init: "a" }, ConfigError, 'unknown option "init"'],
  ] as const)("%s, before the teacher computes", async (_, more, kind, message) => {
    const teacher = await teacherFiles();
    const failing = distill({ teacher, data, ...SHORT, ...(more as object) });
    await expect(failing).rejects.toThrow(message);
    await expect(failing).rejects.toBeInstanceOf(kind);
  });

  it("learned positions of a teacher without", async () => {
    const teacher = await teacherFiles("base", { model_type: "roformer" });
    await expect(distill({ teacher, data, position: "learned" })).rejects.toThrow(
      'position is "learned", which keeps a teacher\'s; this one has rotary positions',
    );
  });
});
