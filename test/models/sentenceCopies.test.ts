import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { convert, inspect, RoFormer, Tokenizer } from "../../ts/index.js";
import { finetune } from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";
import { apart, sentenceCase, sentenceCases, sentenceFiles, writeFiles } from "./sentenceFolders.js";

const { cases, texts } = sentenceCases;
const OLD = sentenceCase("0_BERT");
const ENCODER = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

async function onDisk(name: string): Promise<string> {
  const folder = join(temporaryFolder(), "model");
  await writeFiles(folder, sentenceFiles(sentenceCase(name)));
  return folder;
}

const names = (folder: string): string[] => (readdirSync(folder, { recursive: true }) as string[]).map(String).sort();

describe("a copy of a sentence-transformers folder", () => {
  it.each(cases.map((one) => [one.name, one] as const))("%s: gives the same vectors", async (_, one) => {
    const model = await RoFormer.load(sentenceFiles(one));
    const copied = await model.files();
    const copy = await RoFormer.load(copied);
    expect(await copy.embed(texts.slice(0, 2))).toEqual(await model.embed(texts.slice(0, 2)));
    expect(copy.sentences).toEqual(model.sentences);
    // Nothing of it is lost; the transformer's own folder is the model's.
    const moved = (name: string) => (name.startsWith(`${one.path}/`) ? name.slice(one.path.length + 1) : name);
    expect([...copied.keys()]).toEqual(expect.arrayContaining([...sentenceFiles(one).keys()].map(moved)));
    for (const each of [model, copy]) each.close();
  });

  it("is made by convert, of an old layout too", async () => {
    const folder = await onDisk("0_BERT");
    await convert(folder, `${folder}-copy`);
    const model = await RoFormer.load(`${folder}-copy`);
    expect(apart(await model.embed(texts), OLD.runs[0]!.vectors)).toBeLessThan(2e-5);
    model.close();
  });

  it("is made of an encoder that was saved with a language model's head", async () => {
    const base = await RoFormer.load(sentenceFiles(sentenceCase("Dense")), { head: "masked-lm", strict: false });
    const copy = await RoFormer.load(await base.files());
    expect(copy.head).toBe("masked-lm");
    expect(apart(await copy.embed(texts), sentenceCase("Dense").runs[0]!.vectors)).toBeLessThan(2e-5);
    for (const each of [base, copy]) each.close();
  });

  it("of a classifier has nothing of sentence-transformers, and nothing of it stays in a folder that was one", async () => {
    const folder = await onDisk("0_BERT");
    const data = Array.from({ length: 8 }, (_, i) => ({
      text: i % 2 ? "the cat" : "a dog",
      label: i % 2 ? "a" : "b",
    }));
    const { model } = await finetune({
      init: folder,
      train: data,
      valid: data,
      text: "text",
      label: "label",
      epochs: 1,
      out: folder,
    });
    expect(existsSync(join(folder, "modules.json"))).toBe(false);
    expect(existsSync(join(folder, "config_sentence_transformers.json"))).toBe(false);
    expect(names(folder)).toEqual(expect.arrayContaining(ENCODER));
    const loaded = await RoFormer.load(folder);
    expect(loaded.head).toBe("sequence-classification");
    expect(loaded.sentences).toBeUndefined();
    for (const each of [model, loaded]) each.close();
  });
});

describe("an old layout, with the transformer in a folder of its own", () => {
  it("has a tokenizer, weights and a configuration for all who ask", async () => {
    for (const name of ["0_BERT", "0_Transformer of a RoFormer"]) {
      const folder = await onDisk(name);
      const below = join(folder, sentenceCase(name).path);
      const [tokenizer, same] = [await Tokenizer.load(folder), await Tokenizer.load(below)];
      expect(tokenizer.encode("the cat sat").ids).toEqual(same.encode("the cat sat").ids);
      expect(await inspect(folder)).toEqual(await inspect(below));
      const model = await RoFormer.load(folder, { head: "base" });
      const other = await RoFormer.load(below, { head: "base" });
      expect(model.config).toEqual(other.config);
      expect(other.sentences).toBeUndefined();
      for (const each of [model, other]) each.close();
    }
  });

  it("is an encoder's where its configuration names no head, or one that is not supported", async () => {
    const config = JSON.parse(await sentenceFiles(OLD).get("0_BERT/config.json")!.text());
    for (const architectures of [undefined, ["BertForNextSentencePrediction"]]) {
      const files = sentenceFiles(OLD, { "0_BERT/config.json": { ...config, architectures } });
      const model = await RoFormer.load(files);
      expect(model.head).toBe("base");
      expect(apart(await model.embed(texts), OLD.runs[0]!.vectors)).toBeLessThan(2e-5);
      model.close();
      await convert(files, join(temporaryFolder(), "copy"));
    }
  });

  it("counts before a model beside modules.json, as in sentence-transformers", async () => {
    const files = sentenceFiles(OLD);
    for (const [name, blob] of sentenceFiles(sentenceCase("pooling_mode mean")))
      if (!files.has(name)) files.set(name, blob);
    files.set("config.json", new Blob(["{}"]));
    const model = await RoFormer.load(files);
    expect(apart(await model.embed(texts), OLD.runs[0]!.vectors)).toBeLessThan(2e-5);
    model.close();
  });
});
