import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { type HeadName, RoFormer } from "../../ts/index.js";
import { distill, finetune, pretrain } from "../../ts/train/index.js";
import { smallModel, TEXTS } from "../pipelines/models.js";
import { temporaryFolder } from "../process.js";
import { SHORT, sentences, teacherFiles, textFile } from "../train/distill/teachers.js";
import { rows, type Session, session, transfer } from "./built.js";

/** A small model in a session, and itself. */
async function both(head: HeadName, asked?: Session) {
  const here = await smallModel(head);
  const there = await (asked ?? (await session())).load(await here.files());
  return { here, there };
}

describe("a model in a session gives what it gives beside it, bit for bit:", () => {
  it("classify", async () => {
    const { here, there } = await both("sequence-classification");
    expect(await there.classify(TEXTS)).toEqual(await here.classify(TEXTS));
    expect(await there.classify("a dog")).toEqual(await here.classify("a dog"));
    expect(await there.classify(TEXTS, { pairs: TEXTS })).toEqual(await here.classify(TEXTS, { pairs: TEXTS }));
  });

  it("embed and search, with texts or with vectors made before", async () => {
    const { here, there } = await both("base");
    const vectors = await there.embed(TEXTS, { normalize: true });
    expect(vectors).toEqual(await here.embed(TEXTS, { normalize: true }));
    expect(vectors[0]).toBeInstanceOf(Float32Array);
    const found = await here.search("the cat", TEXTS, { topK: 3 });
    expect(await there.search("the cat", TEXTS, { topK: 3 })).toEqual(found);
    expect(await there.search("the cat", vectors, { topK: 3 })).toEqual(
      await here.search("the cat", vectors, { topK: 3 }),
    );
  });

  it.each([
    ["fillMask", "masked-lm", ["the [MASK] sat"]],
    ["tagTokens", "token-classification", [TEXTS]],
    ["answer", "question-answering", [{ question: "who ran", context: "anna ran far" }]],
    ["choose", "multiple-choice", [{ prompt: "the cat", choices: ["sat", "ran far"] }]],
  ] as const)("%s", async (name, head, args) => {
    const { here, there } = await both(head);
    const call = async (model: object): Promise<unknown> =>
      (model as Record<string, (...args: unknown[]) => Promise<unknown>>)[name]!(...args);
    expect(await call(there)).toEqual(await call(here));
  });

  it("forward, valueAndGrad, parameters, files and the tokenizer", async () => {
    const { here, there } = await both("sequence-classification");
    const inputs = { inputIds: [[2, 5, 6, 3]], labels: [1] };
    expect(await there.forward(inputs, { outputHiddenStates: true })).toEqual(
      here.forward(inputs, { outputHiddenStates: true }),
    );
    const [got, want] = [await there.valueAndGrad(inputs), here.valueAndGrad(inputs)];
    expect(got.loss).toBe(want.loss);
    expect([...got.gradients.keys()]).toEqual([...want.gradients.keys()]);
    for (const [name, { data, shape }] of got.gradients)
      expect({ data, shape }).toEqual({ ...want.gradients.get(name) });

    const [first] = await there.parameters();
    const values = await first!.read();
    await first!.write(values.map((x) => x + 1));
    expect(await first!.read()).toEqual(values.map((x) => x + 1));
    await first!.write(values);
    const bytes = async (files: ReadonlyMap<string, Blob>) =>
      Promise.all([...files].map(async ([name, blob]) => [name, [...new Uint8Array(await blob.arrayBuffer())]]));
    expect(await bytes(await there.files())).toEqual(await bytes(await here.files()));
    expect(await there.tokenizer!.encode("the cat", { maxLength: 3 })).toEqual(
      here.tokenizer!.encode("the cat", { maxLength: 3 }),
    );
    expect(await there.tokenizer!.decode([5, 6])).toBe(here.tokenizer!.decode([5, 6]));
    expect([there.head, there.missing, there.config]).toMatchObject([here.head, [], here.config]);
  });

  it("finetune, with every event before the result, and evaluate", async () => {
    const events: number[][] = [[], []];
    const lines: string[] = [];
    const options = { train: rows(60), text: "text", label: "label", epochs: 2, batch: 8, seed: 5 };
    const onProgress = (i: number) => (event: { loss: number }) => void events[i]!.push(event.loss);
    const asked = await session();
    const there = await asked.finetune({
      ...options,
      onProgress: onProgress(0),
      onMessage: (line) => void lines.push(line),
    });
    const here = await finetune({ ...options, onProgress: onProgress(1) });
    expect(events[0]).toEqual(events[1]);
    expect(events[0]).toHaveLength(here.metrics.steps);
    expect(lines).toContainEqual(expect.stringMatching(/^epoch 2: validation accuracy/));
    expect(await there.model.classify("good")).toEqual(await here.model.classify("good"));
    expect(there.evaluation.confusionMatrix).toEqual(here.evaluation.confusionMatrix);
    const data = { data: rows(10), text: "text", label: "label" };
    expect((await asked.evaluate(there.model, data)).metrics.n).toBe(10);
    here.model.close();
  });

  it("pretrain", async () => {
    const data = { name: "texts.txt", bytes: new TextEncoder().encode(TEXTS.join("\n").repeat(40)) };
    const options = {
      objective: "clm",
      data,
      layers: 1,
      width: 16,
      heads: 2,
      steps: 3,
    } as const;
    const there = await (await session()).pretrain({ ...options, maxLength: 16 });
    const here = await pretrain({ ...options, maxLength: 16 });
    expect(there.metrics.loss).toBe(here.metrics.loss);
    here.model.close();
  });

  it("distill", async () => {
    const options = { teacher: await teacherFiles(), data: textFile(sentences(60)), ...SHORT, steps: 3, layers: 2 };
    const there = await (await session()).distill(options);
    const here = await distill(options);
    expect(there.metrics.loss).toBe(here.metrics.loss);
    expect(await there.model.embed("a cat sat")).toEqual(await here.model.embed("a cat sat"));
    here.model.close();
  });

  it("create", async () => {
    const config = {
      vocab_size: 9,
      hidden_size: 8,
      num_hidden_layers: 1,
      num_attention_heads: 2,
      intermediate_size: 8,
    };
    const made = await (await session()).create(config, { head: "masked-lm", seed: 4 });
    expect((await made.forward({ inputIds: [[1, 2]] })).logits!.shape).toEqual([1, 2, 9]);
    expect(made.tokenizer).toBeUndefined();
  });
});

describe("a session", () => {
  it("takes its engine's module as a URL, an answer, bytes or compiled, and the build and threads that are asked for", async () => {
    const url = new URL("../../dist/wasm/simd/core_bg.wasm", import.meta.url);
    const { readFileSync } = await import("node:fs");
    const bytes = new Uint8Array(readFileSync(url));
    const sources = [url, new Response(bytes), bytes, new WebAssembly.Module(bytes)];
    for (const wasm of sources) expect((await (await session({ wasm })).doctor()).variant).toBe("simd");
    const two = await session({ variant: "simd-threads", threads: 2 });
    expect(await two.doctor()).toMatchObject({ variant: "simd-threads", threads: 2 });
  });

  it("keeps several models, and gives the memory of each back", async () => {
    const asked = await session();
    // What kernels work in stays for the next call.
    const warm = await both("sequence-classification", asked);
    await warm.there.classify(TEXTS);
    await warm.there.close();
    const before = await asked.memory();
    const first = await both("sequence-classification", asked);
    const second = await both("base", asked);
    expect(await first.there.classify("a dog")).toEqual(await first.here.classify("a dog"));
    expect(await second.there.embed("a dog")).toEqual(await second.here.embed("a dog"));
    await first.there.close();
    await first.there.close();
    await expect(first.there.classify("a")).rejects.toThrow("the model is closed");
    expect(await second.there.embed("a dog")).toEqual(await second.here.embed("a dog"));
    await second.there.close();
    expect((await asked.memory()).used).toBe(before.used);
  });

  it("loads a folder by its file's URL, as beside it", async () => {
    const folder = join(temporaryFolder(), "model");
    const here = await smallModel("base");
    await here.save(folder);
    const url = pathToFileURL(folder);
    for (const model of [await (await session()).load(url), await RoFormer.load(url)])
      expect(await model.embed("a dog")).toEqual(await here.embed("a dog"));
  });

  it("takes the buffers that are given to it, and copies others", async () => {
    const { there } = await both("base");
    const [name] = await there.parameters();
    const values = await name!.read();
    const [given, kept] = [values.slice(), values.slice()];
    await name!.write(kept);
    expect(kept.length).toBe(values.length);
    await name!.write(transfer(given, [given.buffer]));
    expect(given.length).toBe(0);
    expect(await name!.read()).toEqual(values);
  });

  it("answers a thousand calls of random lengths in order, each with its own answer", async () => {
    const { here, there } = await both("sequence-classification");
    const words = TEXTS.join(" ").split(" ");
    let state = 1;
    const random = (below: number) => {
      state = (state * 48271) % 2147483647;
      return state % below;
    };
    const texts = Array.from({ length: 1000 }, () =>
      Array.from({ length: 1 + random(60) }, () => words[random(words.length)]).join(" "),
    );
    const order: number[] = [];
    const calls = texts.map(async (text, i) => {
      const found = await there.classify(text);
      order.push(i);
      return found;
    });
    expect(await Promise.all(calls)).toEqual(await here.classify(texts));
    expect(order).toEqual(texts.map((_, i) => i));
  });

  it("does not disturb another one: both train at once as each does alone", async () => {
    const options = (seed: number) => ({ train: rows(40), text: "text", label: "label", epochs: 2, batch: 8, seed });
    const train = async (asked: Session, seed: number) => {
      const { model } = await asked.finetune(options(seed));
      return model.classify(["good", "bad"]);
    };
    const [one, two] = [await session(), await session({ threads: 2 })];
    const together = await Promise.all([train(one, 1), train(two, 2)]);
    expect(together).toEqual([await train(await session(), 1), await train(await session(), 2)]);
    expect(together[0]).not.toEqual(together[1]);
  });
});
