import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RoFormer } from "../../ts/index.js";
import { evaluate, finetune, type GlueMetrics, metrics } from "../../ts/train/index.js";
import { temporaryFolder } from "../process.js";

const texts = Array.from({ length: 24 }, (_, i) => [`${i % 3 === 0 ? "red" : "blue"} ${i}`, `${i} sea`] as const);
const labels = texts.map((_, i) => Number(i % 3 === 0));

/** MRPC's files, in a fresh folder. */
function mrpc(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "MRPC"));
  const lines = texts.map(([a, b], i) => `${labels[i]}\t${i}\t${i}\t${a}\t${b}\n`);
  for (const name of ["train.tsv", "dev.tsv"])
    writeFileSync(join(folder, "MRPC", name), `Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n${lines.join("")}`);
  return folder;
}

/** A model of the same weights whose outputs have these names. */
async function named(names: readonly string[]): Promise<RoFormer> {
  const rows = texts.map(([a, b], i) => ({ a, b, label: names[labels[i]!]! }));
  const { model } = await finetune({
    ...{ train: rows, valid: rows, text: "a", textPair: "b", label: "label", labelNames: names },
    ...{ steps: 6, layers: 1, width: 8, heads: 2, vocabSize: 80, lr: 0.02, bagOfWords: false },
  });
  return model as RoFormer;
}

async function official(model: RoFormer, data: string): Promise<GlueMetrics["glue"]> {
  const { metrics: found } = await evaluate(model, { glue: "mrpc", data });
  model.close();
  return found.glue;
}

describe("official scores", () => {
  const data = mrpc();

  it.each([
    ["GLUE's own", ["not_equivalent", "equivalent"]],
    ["GLUE's in capitals", ["Not_Equivalent", "EQUIVALENT"]],
    ["LABEL_0, LABEL_1, Hugging Face's ids", ["LABEL_0", "LABEL_1"]],
  ])("are those of a model whose labels are %s", async (_, names) => {
    const model = await named(names);
    const found = await model.classify(
      texts.map(([a]) => a),
      { pairs: texts.map(([, b]) => b) },
    );
    const predicted = found.map(({ label }) => names.indexOf(label));
    expect(await official(model, data)).toEqual({
      task: "mrpc",
      scores: {
        validation: {
          accuracy: metrics.accuracy(predicted, labels),
          f1: metrics.f1(predicted, labels, { average: "binary" }),
        },
      },
    });
  });

  it("have the F1 of GLUE's second label where it is the model's first", async () => {
    const first = await named(["equivalent", "not_equivalent"]);
    const rows = texts.map(([a, b], i) => ({ a, b, label: labels[i] ? "equivalent" : "not_equivalent" }));
    const columns = { text: "a", textPair: "b", label: "label" } as const;
    const whole = (await evaluate(first, { data: rows, ...columns })) as unknown as {
      metrics: { f1: number };
      perClass: readonly { label: string; f1: number }[];
    };
    const own = whole.perClass.find(({ label }) => label === "equivalent")!.f1;
    expect(own).not.toBe(whole.metrics.f1);
    expect((await official(first, data))!.scores.validation!.f1).toBe(own);
  });

  it("are refused for a model of other labels", async () => {
    const model = await named(["no", "yes"]);
    await expect(official(model, data)).rejects.toThrow(
      "the model's labels are no, yes; mrpc has not_equivalent, equivalent",
    );
  });
});
