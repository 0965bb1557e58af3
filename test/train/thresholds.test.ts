import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, type RoFormer } from "../../ts/index.js";
import * as metrics from "../../ts/metrics/all.js";
import { RoFormer as Model } from "../../ts/roformer.js";
import { evaluate, type FinetuneOptions, finetune } from "../../ts/train/index.js";
import { bestThreshold } from "../../ts/train/tasks/bestThreshold.js";
import { golden } from "../golden.js";
import { smallModel, TEXTS } from "../pipelines/models.js";
import { roformer, temporaryFolder } from "../process.js";
import { createPool, createSession } from "../session/built.js";

interface Case {
  readonly name: string;
  readonly truth: number[];
  readonly probabilities: number[];
  readonly bestF1: number;
  readonly f1AtHalf: number;
  readonly at: readonly { threshold: number; precision: number; recall: number; f1: number; matthews: number }[];
}
const { cases } = golden<{ cases: Case[] }>("thresholds/thresholds.json");
const binary = { average: "binary" } as const;

describe("the threshold with the best F1", () => {
  const predict = ({ probabilities }: Case, threshold: number) => probabilities.map((p) => (p >= threshold ? 1 : 0));

  it.each(cases)("reaches scikit-learn's best point of the precision-recall curve: $name", (one) => {
    const threshold = bestThreshold(
      one.probabilities,
      one.truth.map((label) => label === 1),
    );
    expect(metrics.f1(predict(one, threshold), one.truth, binary)).toBeCloseTo(one.bestF1, 12);
    expect(threshold).toBeGreaterThanOrEqual(0);
    expect(threshold).toBeLessThanOrEqual(1);
    if (one.f1AtHalf === one.bestF1) expect(predict(one, threshold)).toEqual(predict(one, 0.5));
  });

  it("lies between two rows, with few decimals, and is 0.5 where rows do not tell", () => {
    expect(bestThreshold([0.9, 0.4, 0.3, 0.1], [true, true, false, false])).toBe(0.35);
    expect(bestThreshold([0.9, 0.8, 0.3, 0.1], [true, true, false, false])).toBe(0.5);
    expect(bestThreshold([0.001, 0.0004, 0.0003], [true, true, false])).toBe(0.0003 + 0.00005);
    expect(bestThreshold([0.2, 0.3], [false, false])).toBe(0.5);
    expect(bestThreshold([0.3, 0.3], [true, false])).toBe(0.5);
    expect(bestThreshold([0.3], [true])).toBe(0.5);
  });
});

/** A model whose configuration has thresholds. */
async function decided(thresholds: Record<string, number>, kind: "two" | "several" | "three" = "two") {
  const names = kind === "two" ? ["no", "yes"] : ["a", "b", "c"];
  return smallModel("sequence-classification", {
    id2label: Object.fromEntries(names.entries()),
    ...(kind === "several" && { problem_type: "multi_label_classification" as const }),
    roformer_js: { thresholds },
  });
}

describe("classify", () => {
  it("predicts one of two classes from its threshold on, and keeps the scores", async () => {
    const plain = await (await smallModel("sequence-classification", { id2label: { 0: "no", 1: "yes" } })).classify(
      TEXTS,
    );
    const sorted = plain.map(({ scores }) => scores.yes!).sort((a, b) => a - b);
    const threshold = (sorted[1]! + sorted[2]!) / 2;
    for (const found of [
      await (await decided({ yes: threshold })).classify(TEXTS),
      await (await decided({ yes: 0.999 })).classify(TEXTS, { threshold }),
    ])
      for (const [i, { label, score, scores, labels }] of found.entries()) {
        expect(label).toBe(plain[i]!.scores.yes! >= threshold ? "yes" : "no");
        expect(score).toBe(scores[label]);
        expect(scores).toEqual(plain[i]!.scores);
        expect(labels).toBeUndefined();
      }
    const of = async (thresholds: Record<string, number>) =>
      (await (await decided(thresholds)).classify(TEXTS)).map(({ label }) => label);
    expect(new Set(await of({ yes: 0 }))).toEqual(new Set(["yes"]));
    expect(new Set(await of({ no: 0 }))).toEqual(new Set(["no"]));
    expect(new Set(await of({ no: 1 }))).toEqual(new Set(["yes"]));
  });

  it("lists the labels of a text that reach their thresholds", async () => {
    const model = await decided({ a: 0.2, b: 0.6 }, "several");
    const found = await model.classify(TEXTS, { topK: 1 });
    const all = await model.classify(TEXTS, { threshold: 0.35 });
    for (const [i, { labels }] of found.entries()) {
      const { a, b, c } = all[i]!.scores as { a: number; b: number; c: number };
      expect(labels).toEqual([...(a >= 0.2 ? ["a"] : []), ...(b >= 0.6 ? ["b"] : []), ...(c >= 0.5 ? ["c"] : [])]);
      expect(all[i]!.labels).toEqual(Object.entries({ a, b, c }).flatMap(([name, p]) => (p >= 0.35 ? [name] : [])));
    }
  });

  it("refuses thresholds that cannot be meant", async () => {
    const wrong = async (model: Promise<RoFormer>, options: object, message: RegExp) => {
      const running = (await model).classify("the cat", options);
      await expect(running).rejects.toBeInstanceOf(ConfigError);
      await expect(running).rejects.toThrow(message);
    };
    await wrong(decided({ yes: 0.5 }), { threshold: 1.5 }, /^classify: threshold is 1\.5, not a number from 0 to 1$/);
    await wrong(decided({ yes: 0.5 }), { threshold: "0.5" }, /threshold is 0\.5, not a number/);
    await wrong(
      decided({ maybe: 0.5 }),
      {},
      /roformer_js\.thresholds of config\.json names "maybe"; expected one of no, yes/,
    );
    await wrong(decided({ no: 0.5, yes: 0.5 }), {}, /names "no", "yes"; expected one of/);
    await wrong(decided({ a: 0.5 }, "three"), {}, /is for two classes or several labels per text/);
    const three = smallModel("sequence-classification", { num_labels: 3 });
    await wrong(three, { threshold: 0.5 }, /^classify: threshold is for two classes or several labels per text/);
    await expect(decided({ yes: 2 })).rejects.toThrow(/roformer_js\.thresholds\.yes is 2, not a number from 0 to 1/);
    await expect(decided(0.5 as never)).rejects.toThrow(/roformer_js\.thresholds is 0\.5, not numbers by label/);
  });
});

const words = ["good", "fine", "nice", "bad"];
/** One text in six is spam; what says so is one word of two. */
const rows = Array.from({ length: 240 }, (_, i) => {
  const isSpam = i % 6 === 0;
  const text = `${words[i % 4]} ${isSpam && i % 4 ? "prize" : "letter"} ${words[(i >> 2) % 4]} ${i % 7}`;
  return { text, label: isSpam ? "spam" : "ham", tags: isSpam ? ["spam", words[i % 4]!] : [words[i % 4]!] };
});
const small = { layers: 1, width: 16, heads: 2, vocabSize: 80, batch: 16, steps: 40, lr: 3e-3, bagOfWords: false };
const parts = { train: rows.slice(0, 144), valid: rows.slice(144, 192), test: rows.slice(192) };
const run = (options: object = {}) =>
  finetune({ ...parts, text: "text", label: "label", ...small, ...options } as FinetuneOptions);

describe("finetune", () => {
  it("chooses a threshold on the validation rows, saves it, and every reader of the folder uses it", async () => {
    const out = join(temporaryFolder(), "model");
    const { model, metrics: found, evaluation } = await run({ threshold: "auto", out });
    expect(found).toMatchObject({ part: "test", thresholdFrom: "validation" });
    expect(found.settings).toMatchObject({ threshold: "auto", metric: "matthews" });
    const config = JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
    expect(config).toMatchObject({ model_type: "roformer", roformer_js: { thresholds: { spam: found.threshold } } });
    expect(JSON.parse(readFileSync(join(out, "metrics.json"), "utf8")).threshold).toBe(found.threshold);
    expect(evaluation.metrics.threshold).toBe(found.threshold);

    // The best F1 on the validation rows, from the probabilities alone.
    const probabilities = async (part: typeof rows) =>
      (await model.classify(part.map(({ text }) => text))).map(({ scores }) => scores.spam!);
    const truth = (part: typeof rows) => part.map(({ label }) => (label === "spam" ? 1 : 0));
    const f1At = (own: number[], part: typeof rows, t: number) =>
      metrics.f1(
        own.map((p) => (p >= t ? 1 : 0)),
        truth(part),
        binary,
      );
    const valid = await probabilities(parts.valid);
    const best = Math.max(...valid.map((t) => f1At(valid, parts.valid, t)));
    expect(f1At(valid, parts.valid, found.threshold!)).toBeCloseTo(best, 12);
    expect(found.f1).toBeCloseTo(f1At(await probabilities(parts.test), parts.test, found.threshold!), 12);

    const texts = parts.test.map(({ text }) => text);
    const labels = (await model.classify(texts)).map(({ label }) => label);
    const again = await Model.load(out);
    expect((await again.classify(texts)).map(({ label }) => label)).toEqual(labels);
    const scored = await evaluate(again, { data: parts.test, text: "text", label: "label" });
    expect(evaluation.metrics).toMatchObject(scored.metrics);
    const other = await evaluate(again, { data: parts.test, text: "text", label: "label", threshold: 0 });
    expect(other.metrics).toMatchObject({ recall: 1, threshold: 0 });
    const files = new Map(
      ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"].map((name) => [
        name,
        new Blob([readFileSync(join(out, name))]),
      ]),
    );
    const session = await createSession();
    const pool = await createPool({ size: 1 });
    for (const place of [session, pool]) {
      const remote = await place.load(files);
      expect((await remote.classify(texts)).map(({ label }) => label)).toEqual(labels);
    }
    session.close();
    pool.close();
    const printed = await roformer(["predict", "--model", out, ...texts.slice(0, 8)]);
    expect(
      printed.stdout
        .trim()
        .split("\n")
        .map((line) => line.split("\t")[0]),
    ).toEqual(labels.slice(0, 8));
    const asked = await roformer(["predict", "--model", out, "--threshold", "0", "good letter"]);
    expect(asked.stdout).toMatch(/^spam\t/);
    again.close();

    // Training goes on without the threshold of what the model was.
    const next = await run({
      init: out,
      layers: undefined,
      width: undefined,
      heads: undefined,
      vocabSize: undefined,
      steps: 1,
    });
    expect(next.model.config.roformer_js?.thresholds).toBeUndefined();
    expect(next.metrics.threshold).toBeUndefined();
    next.model.close();
    model.close();
  }, 60_000);

  it("takes a number, and a threshold per label of several labels per text", async () => {
    const fixed = await run({ threshold: 0.2 });
    expect(fixed.metrics).toMatchObject({ threshold: 0.2, part: "test" });
    expect(fixed.metrics.thresholdFrom).toBeUndefined();
    expect(fixed.model.config.roformer_js!.thresholds).toEqual({ spam: 0.2 });
    fixed.model.close();
    const { model, metrics: found } = await finetune({
      ...{ ...parts, text: "text", label: "tags", task: "multilabel", ...small, threshold: "auto" },
    });
    const { thresholds } = model.config.roformer_js!;
    expect(Object.keys(thresholds!).sort()).toEqual(["bad", "fine", "good", "nice", "spam"]);
    expect(Object.fromEntries(found.perLabel.map(({ label, threshold }) => [label, threshold]))).toEqual(thresholds);
    const texts = parts.test.map(({ text }) => text);
    const given = (await model.classify(texts)).map(({ labels }) => labels!);
    for (const { label, precision, recall } of found.perLabel) {
      const hits = given.filter((labels, i) => labels.includes(label) && parts.test[i]!.tags.includes(label)).length;
      const all = given.filter((labels) => labels.includes(label)).length;
      expect(precision).toBeCloseTo(all === 0 ? 0 : hits / all, 12);
      expect(recall).toBeCloseTo(hits / parts.test.filter(({ tags }) => tags.includes(label)).length, 12);
    }

    const folder = join(temporaryFolder(), "model");
    await model.save(folder);
    const { stdout } = await roformer(["predict", "--model", folder, ...texts.slice(0, 4)]);
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => line.split("\t")[0]!.replace(/ 0\.\d{4}/g, "")),
    ).toEqual(given.slice(0, 4).map((own) => own.join(", ")));
    const file = join(temporaryFolder(), "all.jsonl");
    await roformer(["predict", "--model", folder, "--threshold", "0", "--out", file, "good"]);
    expect(JSON.parse(readFileSync(file, "utf8")).labels).toEqual(["bad", "fine", "good", "nice", "spam"]);
    model.close();
  });

  it("refuses a threshold of more classes, of other tasks, and one that is not a share", async () => {
    const three = rows.map((row, i) => ({ ...row, label: `${i % 3}` }));
    const refused = "threshold is for two classes or for several labels per text, and the rows have neither";
    await expect(run({ train: three, valid: three, test: undefined, threshold: "auto" })).rejects.toThrow(refused);
    const values = rows.map((row, i) => ({ ...row, label: i / 7 }));
    const regress = { task: "regress", train: values, valid: values, test: undefined };
    await expect(run({ ...regress, threshold: 0.5 })).rejects.toThrow(refused);
    for (const threshold of [1.5, "best", -1, Number.NaN])
      await expect(run({ threshold })).rejects.toThrow(/^threshold is .*, not a number from 0 to 1 or "auto"/);
  });
});

it("a threshold is reported, and the score on the rows that chose it named as such", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "rows.jsonl");
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join("\n"));
  const flags = [
    "--text",
    "text",
    "--label",
    "label",
    "--steps",
    "30",
    "--lr",
    "3e-3",
    "--layers",
    "1",
    "--width",
    "16",
  ];
  const { stdout, code } = await roformer([
    "finetune",
    "--train",
    file,
    ...flags,
    "--heads",
    "2",
    "--threshold",
    "auto",
    "--out",
    join(folder, "model"),
  ]);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /^validation, the rows that chose the epoch and the thresholds: .* of "spam" at threshold 0\.\d+, loss/m,
  );
  const card = readFileSync(join(folder, "model/README.md"), "utf8");
  expect(card).toMatch(/validation rows, which chose the best epoch and the thresholds:/);
  const scored = await roformer(["evaluate", "--model", join(folder, "model"), "--data", file, ...flags.slice(0, 4)]);
  expect(scored.stdout).toMatch(/^240 texts: .* of "spam" at threshold 0\.\d+, loss/m);
}, 30_000);
