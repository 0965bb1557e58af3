import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RoFormer } from "../../ts/index.js";
import { evaluate, finetune } from "../../ts/train/index.js";
import { roformer, temporaryFolder } from "../process.js";

const small = { layers: 1, width: 16, heads: 2, vocabSize: 80, batch: 8, seed: 1 };
const texts = Array.from({ length: 48 }, (_, i) => `${i % 3 ? "good" : "bad"} text ${i}`);
const rows = texts.map((text, i) => ({ text, label: i % 3 ? "yes" : "no" }));
const labeled = { train: rows, valid: rows, text: "text", label: "label", ...small };

describe("the step that is kept", () => {
  it("is that of the best evaluation, by the log", async () => {
    const out = join(temporaryFolder(), "out");
    const { model, metrics } = await finetune({ ...labeled, out, steps: 30, evalEvery: 5, metric: "loss", lr: 2e-2 });
    model.close();
    const log = readFileSync(join(out, "log.jsonl"), "utf8").trim().split("\n");
    const evaluations = log.map((line) => JSON.parse(line) as { step: number; valid?: { loss: number } });
    const losses = evaluations.flatMap(({ step, valid }) => (valid ? [{ step, loss: valid.loss }] : []));
    const best = losses.reduce((a, b) => (b.loss < a.loss ? b : a));
    expect(losses).toHaveLength(6);
    expect(metrics.bestStep).toBe(best.step);
    expect(metrics.loss).toBe(best.loss);
    expect(JSON.parse(readFileSync(join(out, "metrics.json"), "utf8")).bestStep).toBe(best.step);
  });
});

it("a line of progress has the metric that chooses, and the record the setting that counts", async () => {
  const said: string[] = [];
  const onMessage = (line: string) => said.push(line);
  const { model, metrics } = await finetune({ ...labeled, steps: 6, metric: "matthews", onMessage });
  model.close();
  expect(said.find((line) => line.startsWith("epoch 1: "))).toMatch(/, matthews -?0\.\d{4}$/);
  expect(metrics.settings).toMatchObject({ steps: 6 });
  expect(metrics.settings.epochs).toBeUndefined();
});

it.each([undefined, "accuracy", "loss"])("a line of progress names no metric twice, chosen by %s", async (metric) => {
  const train = texts.map((text, i) => ({ text, label: i % 8 ? "yes" : "no" })); // skewed: Matthews chooses
  const said: string[] = [];
  const onMessage = (line: string) => said.push(line);
  const { model } = await finetune({ ...labeled, train, valid: train, steps: 6, metric, onMessage });
  model.close();
  const words = said
    .find((line) => line.startsWith("epoch 1: "))!
    .toLowerCase()
    .match(/[a-z]+/g)!;
  for (const name of ["accuracy", "matthews", "loss"])
    expect(
      words.filter((word) => word === name),
      name,
    ).toHaveLength(1);
});

it("an unknown metric is refused at the first evaluation", async () => {
  await expect(finetune({ ...labeled, steps: 1, metric: "acc" })).rejects.toThrow('metric is "acc", not one of ');
});

it.each([
  ["classWeights", { classWeights: "balanced" as const }],
  ["labelSmoothing", { labelSmoothing: 0.1 }],
])("%s is refused where the loss has none", async (name, setting) => {
  const train = texts.map((text, i) => ({ text, label: i / 10 }));
  await expect(finetune({ ...labeled, train, valid: train, task: "regress", ...setting })).rejects.toThrow(
    `${name} is for task classify, and this is regress`,
  );
});

it("several labels in one text are pointed out where nothing separates them", async () => {
  const train = texts.map((text, i) => ({ text, label: ["red;blue", "red", "blue", "red;green", "green"][i % 5]! }));
  const said: string[] = [];
  const onMessage = (line: string) => said.push(line);
  const { model } = await finetune({ ...labeled, train, valid: train, task: "multilabel", steps: 1, onMessage });
  model.close();
  expect(said.join("\n")).toContain("are one label each without labelSeparator \";\" (--label-separator ';')");
});

describe("an embedding model's pairs", () => {
  const pairs = ["a cat", "the dog", "one house", "a tree"].map((one) => ({ a: one, b: one }));

  it("are right where the right text is there twice", async () => {
    const { model } = await finetune({
      task: "embed",
      train: pairs,
      valid: pairs,
      text: "a",
      textPair: "b",
      steps: 1,
      ...small,
    });
    const twice = await evaluate(model, { task: "embed", data: [...pairs, ...pairs], text: "a", textPair: "b" });
    model.close();
    expect(twice.metrics).toMatchObject({ n: 8, accuracy: 1, mrr10: 1 });
  });

  it("with scores are worst where their order is most wrong, whatever the scale of the labels", async () => {
    const folder = join(temporaryFolder(), "model");
    const scored = pairs.map((row, i) => ({ ...row, b: i === 3 ? "the dog" : row.b, score: [5, 5, 5, 0][i]! }));
    const options = { task: "embed" as const, text: "a", textPair: "b", label: "score" };
    const { model } = await finetune({ ...options, train: scored, valid: scored, steps: 1, out: folder, ...small });
    model.close();
    const [data, errors] = [join(temporaryFolder(), "data.csv"), join(temporaryFolder(), "errors.csv")];
    const lines = scored.map(({ a, b, score }) => `${a},${b},${score}`);
    const { writeFileSync } = await import("node:fs");
    writeFileSync(data, `a,b,score\n${lines.join("\n")}\n`);
    const args = ["--text", "a", "--text-pair", "b", "--label", "score", "--errors", errors];
    const { code, stderr } = await roformer(["evaluate", "--model", folder, "--data", data, ...args]);
    expect(code, stderr).toBe(0);
    // The pair of different texts has the lowest cosine and the lowest label. Cosines of equal texts differ in their last digits.
    expect(readFileSync(errors, "utf8")).not.toContain("a tree");
    (await RoFormer.load(folder)).close();
  });
});
