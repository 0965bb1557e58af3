import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { isOwnCard, signed } from "../../ts/models/modelCard.js";
import { type FinetuneOptions, finetune, pretrain } from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";
import { hasModule, pythonJson } from "./python.js";

const rows = Array.from({ length: 40 }, (_, i) => ({
  text: `${i % 2 ? "good" : "bad"} ${i}`,
  label: i % 2 ? "a|b: c" : "no",
}));
const small = { layers: 1, width: 8, heads: 2, vocabSize: 80, batch: 8, steps: 2 };

async function run(out: string, options: object = {}): Promise<string[]> {
  const messages: string[] = [];
  const onMessage = (line: string) => void messages.push(line);
  const { model } = await finetune({
    train: rows,
    text: "text",
    label: "label",
    ...small,
    out,
    onMessage,
    ...options,
  } as FinetuneOptions);
  model.close();
  return messages;
}
const cardOf = (folder: string) => readFileSync(join(folder, "README.md"), "utf8");
const dataOf = (card: string) => parse(/^---\n([\s\S]*?)\n---\n/.exec(card)![1]!);

describe("the model card", () => {
  it("has the hub's metadata, and the scores of metrics.json", async () => {
    const out = join(temporaryFolder(), "a model");
    await run(out);
    const data = dataOf(cardOf(out));
    const { accuracy, f1 } = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
    expect(data).toMatchObject({ library_name: "transformers", pipeline_tag: "text-classification" });
    expect(data.metrics).toEqual(["accuracy", "f1", "precision", "recall", "matthews_correlation"]);
    const [{ name, results }] = data["model-index"];
    expect(name).toBe("a model");
    expect(results[0].dataset.split).toBe("validation");
    expect(results[0].metrics).toContainEqual({ type: "accuracy", value: accuracy });
    expect(results[0].metrics).toContainEqual({ type: "f1", value: f1 });
    expect(cardOf(out)).toContain("| accuracy | ");
  });

  it("is replaced with the model, and kept once somebody has changed it", async () => {
    const out = join(temporaryFolder(), "model");
    await run(out);
    const before = cardOf(out);
    expect(await run(out, { seed: 5 })).not.toContainEqual(expect.stringContaining("README"));
    expect(cardOf(out)).not.toBe(before);
    const edited = cardOf(out).replace("## Scores", "## My scores");
    writeFileSync(join(out, "README.md"), edited);
    const messages = await run(out, { seed: 6 });
    expect(cardOf(out)).toBe(edited);
    expect(messages).toContain(`${out} has a README.md of its own, which is kept: no model card is written`);
    expect(JSON.parse(readFileSync(join(out, "metrics.json"), "utf8")).seed).toBe(6);
  });

  it.each(["README.md", "readme.md"])(
    "leaves a %s of somebody else's folder alone, and the run goes on",
    async (name) => {
      const out = join(temporaryFolder(), "notes");
      mkdirSync(out);
      writeFileSync(join(out, name), "my notes");
      const messages = await run(out);
      expect(readFileSync(join(out, name), "utf8")).toBe("my notes");
      expect(messages).toContain(`${out} has a ${name} of its own, which is kept: no model card is written`);
      expect(existsSync(join(out, "model.safetensors"))).toBe(true);
    },
  );

  it("that is left of a deleted model does not forbid another one", async () => {
    const out = join(temporaryFolder(), "left");
    mkdirSync(out);
    writeFileSync(join(out, "README.md"), signed("# old\n"));
    await run(out);
    expect(cardOf(out)).toContain("# left");
    const folder = join(temporaryFolder(), "folder");
    mkdirSync(join(folder, "README.md"), { recursive: true });
    await run(folder);
    expect(existsSync(join(folder, "config.json"))).toBe(true);
  });

  it("takes license, language and base of the model that the run began with", async () => {
    const folder = join(temporaryFolder(), "base");
    await run(folder);
    const yaml = "---\nlicense: mit\nlanguage:\n- en\n- de\ntags:\n- mine\nbase_model: owner/name\n---\n# Base\n";
    writeFileSync(join(folder, "README.md"), yaml);
    const out = join(temporaryFolder(), "tuned");
    await run(out, { init: folder, layers: undefined, width: undefined, heads: undefined, vocabSize: undefined });
    const data = dataOf(cardOf(out));
    expect(data).toMatchObject({ license: "mit", language: ["en", "de"], base_model: "owner/name" });
    expect(data.tags).toEqual(["roformer-js", "finetuned"]);
  });

  it("is of language models and of stopped runs, too", async () => {
    const out = join(temporaryFolder(), "lm");
    const data = { name: "a.txt", bytes: new Blob(["so it goes. ".repeat(80)]) };
    const sizes = { layers: 1, width: 8, heads: 2, maxLength: 16, batch: 2, steps: 2 };
    const { model } = await pretrain({ objective: "clm", data, ...sizes, out });
    model.close();
    expect(dataOf(cardOf(out))).toMatchObject({ pipeline_tag: "text-generation", metrics: ["perplexity"] });
    const stopped = join(temporaryFolder(), "stopped");
    const controller = new AbortController();
    const running = run(stopped, { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(running).rejects.toThrow("stopped after step 1");
    expect(cardOf(stopped)).toContain("nothing was evaluated");
    expect(dataOf(cardOf(stopped)).metrics).toBeUndefined();
  });

  it("knows its own text with any line ends, and no other", () => {
    const card = signed("---\na: 1\n---\n# x");
    for (const same of [card, card.replaceAll("\n", "\r\n"), `${card}\n`]) expect(isOwnCard(same)).toBe(true);
    for (const other of ["", "# x", `${card}more`, card.replace("x", "y"), `x${card}`])
      expect(isOwnCard(other)).toBe(false);
  });

  it.runIf(hasModule("huggingface_hub"))("is read by huggingface_hub", async () => {
    const out = join(temporaryFolder(), "hub");
    await run(out);
    const script = `
import json, sys
from huggingface_hub import ModelCard
data = ModelCard.load(sys.argv[1]).data
print(json.dumps({"tag": data.pipeline_tag, "results": {r.metric_type: r.metric_value for r in data.eval_results}}))`;
    const { accuracy } = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
    expect(pythonJson(script, join(out, "README.md"))).toMatchObject({
      tag: "text-classification",
      results: { accuracy },
    });
  });
});
