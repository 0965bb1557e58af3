import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, RoFormer } from "../../ts/index.js";
import { evaluate, type FinetuneOptions, finetune } from "../../ts/train/index.js";
import { ROOT, temporaryFolder } from "../process.js";

const words = [
  "the",
  "cat",
  "sat",
  "on",
  "a",
  "mat",
  "dog",
  "ran",
  "far",
  "in",
  "paris",
  "anna",
  "who",
  "is",
  "it",
  "up",
  "so",
  "go",
];
/** PEFT's folder of a case, and its base with a tokenizer. */
function folders(name: string): { base: string; adapter: string } {
  const folder = temporaryFolder();
  cpSync(join(ROOT, "test/golden/lora", name), folder, { recursive: true });
  writeFileSync(join(folder, "base/vocab.txt"), ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ...words].join("\n"));
  return { base: join(folder, "base"), adapter: join(folder, "adapter") };
}

const text = (i: number) => [0, 1, 2, 3].map((k) => words[(i * (k + 3) + (i >> k)) % words.length]).join(" ");
const rows = (labels: readonly string[]) =>
  Array.from({ length: 48 }, (_, i) => ({ text: text(i), label: labels[i % labels.length]! }));
const run = (init: string, options: object = {}) =>
  finetune({
    ...{ train: rows(["0", "1", "2"]), valid: rows(["0", "1", "2"]), text: "text", label: "label", init, batch: 8 },
    ...{ steps: 6, lr: 1e-2, bagOfWords: false, ...options },
  } as FinetuneOptions);

describe("init of an adapter's folder that peft wrote", () => {
  it.each(["bert_seqcls", "roformer_seqcls", "bert_all_linear", "bert_pooler"])("is trained on: %s", async (name) => {
    const { adapter, base } = folders(name);
    const before = await RoFormer.load(adapter);
    const scores = await evaluate(before, { data: rows(["0", "1", "2"]), text: "text", label: "label" });
    const out = join(temporaryFolder(), "more");
    const messages: string[] = [];
    const onMessage = (line: string) => void messages.push(line);
    const { model, metrics } = await run(adapter, { out, onMessage, lr: 1e-3, metric: "loss", calibrate: false });
    expect(messages).toContainEqual(expect.stringMatching(/^init is an adapter: it and its head are trained on/));
    expect(messages.join("\n")).not.toContain("fresh weights");
    const still = await run(adapter, { lr: 1e-30, steps: 1, calibrate: false });
    expect(still.metrics.loss).toBeCloseTo((scores.metrics as { loss: number }).loss, 6);
    expect(metrics.loss).toBeLessThan(still.metrics.loss);

    // The base stays as it is; all that the adapter's folder has is trained.
    const trained = new Set(model.lora!.trained);
    expect(metrics.parameters).toBeLessThan(
      model.parameters().reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0),
    );
    const old = new Map(before.parameters().map((one) => [one.name, one.read()]));
    for (const one of model.parameters()) {
      const moved = one.read().some((x, i) => x !== old.get(one.name)![i]);
      expect(moved, one.name).toBe(trained.has(one.name));
    }

    const settings = (folder: string) => JSON.parse(readFileSync(join(folder, "adapter_config.json"), "utf8"));
    const { r, lora_alpha, use_rslora, bias, base_model_name_or_path } = settings(out);
    expect({ r, lora_alpha, use_rslora, bias }).toEqual({
      ...{ r: settings(adapter).r, lora_alpha: settings(adapter).lora_alpha },
      ...{ use_rslora: settings(adapter).use_rslora, bias: settings(adapter).bias },
    });
    expect(base_model_name_or_path).toContain("base");
    const again = await RoFormer.load(out, { base });
    const texts = rows(["0"]).map((row) => row.text);
    const [got, want] = [await again.classify(texts), await model.classify(texts)];
    for (const [i, { scores: own }] of got.entries())
      for (const [label, score] of Object.entries(own)) expect(score).toBeCloseTo(want[i]!.scores[label]!, 5);
    for (const one of [before, model, still.model, again]) one.close();
  });

  it("gets a fresh output layer for other labels, which is saved with the adapter", async () => {
    const { adapter, base } = folders("bert_seqcls");
    const out = join(temporaryFolder(), "more");
    const messages: string[] = [];
    const named = rows(["x", "y", "z"]);
    const { model } = await run(adapter, {
      train: named,
      valid: named,
      out,
      onMessage: (line: string) => void messages.push(line),
    });
    expect(messages).toContain("fresh weights: classifier.weight, classifier.bias");
    const again = await RoFormer.load(out, { base });
    expect(Object.keys((await again.classify("the cat")).scores)).toEqual(["x", "y", "z"]);
    model.close();
    again.close();
  });

  it("is refused in one line where it does not fit what is trained", async () => {
    const { adapter } = folders("bert_seqcls");
    const refuses = async (init: string, options: object, message: RegExp) => {
      const running = run(init, options);
      await expect(running).rejects.toBeInstanceOf(ConfigError);
      await expect(running).rejects.toThrow(message);
    };
    await refuses(
      adapter,
      { lora: {} },
      /^init is an adapter, which is trained on without lora: .* merge it into its base/,
    );
    await refuses(adapter, { freeze: ["embeddings"] }, /^freeze cannot be set together with an adapter as init/);
    const two = rows(["a", "b"]);
    await refuses(
      adapter,
      { train: two, valid: two },
      /adapter is an adapter, with 3 outputs, and what is trained has 2: merge it/,
    );
    await refuses(adapter, { dropout: 0.2 }, /is an adapter, and dropout cannot be set for one: merge it/);
    await refuses(adapter, { layers: 3 }, /^layers cannot be set together with init/);
    const tokens = folders("roformer_tokens").adapter;
    await refuses(
      tokens,
      {},
      /is an adapter, for the head "token-classification", and what is trained has "sequence-classification"/,
    );
    const bare = temporaryFolder();
    cpSync(join(ROOT, "test/golden/lora/bert_seqcls"), bare, { recursive: true });
    await refuses(join(bare, "adapter"), {}, /^neither .*adapter nor its base has a tokenizer\.json or vocab\.txt/);
  });
});
