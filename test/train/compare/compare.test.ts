import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folds } from "../../../ts/data/split.js";
import { engine } from "../../../ts/engine/engine.js";
import { AbortError, RoFormer } from "../../../ts/index.js";
import {
  type CompareOptions,
  compare,
  evaluate,
  metrics,
  type RunEvent,
  finetune as train,
} from "../../../ts/train/index.js";
import { temporaryFolder } from "../../process.js";
import { corpus, finetune, rows, small } from "./data.js";

const folder = () => join(temporaryFolder(), "comparison");
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("a comparison of positions over seeds", () => {
  it("makes the runs that finetune makes, and leaves nothing in the engine", async () => {
    const out = folder();
    const before = engine().live();
    const events: RunEvent[] = [];
    const found = await compare({
      ...{ finetune, seeds: [1, 2, 5], position: ["rotary", "none"], out },
      onRun: (event) => events.push(event),
    });
    expect(engine().live()).toBe(before);
    const names = [1, 2, 5].flatMap((seed) => ["rotary", "none"].map((one) => `position=${one},seed=${seed}`));
    expect(found.runs.map(({ name }) => name)).toEqual(names);
    expect(events).toEqual(names.map((name, i) => ({ name, index: i + 1, of: 6, isFinished: false })));
    expect(readdirSync(join(out, "runs")).sort()).toEqual([...names].sort());
    const last = found.runs.at(-1)!;
    expect(last).toMatchObject({ alternative: "position=none", differs: { position: "none" }, seed: 5 });

    const alone = join(temporaryFolder(), "alone");
    const { model, metrics: own } = await train({ ...finetune, position: "none", seed: 5, out: alone } as never);
    model.close();
    const { seconds, tokensPerSecond, ...same } = own as unknown as Record<string, unknown>;
    expect(last.metrics).toMatchObject(JSON.parse(JSON.stringify(same)));
    expect(last.folder).toBe(`${out}/runs/${last.name}`);
    const weights = (of: string) => readFileSync(join(of, "model.safetensors"));
    expect(weights(last.folder!).equals(weights(alone))).toBe(true);
    const evaluations = readFileSync(join(alone, "log.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(last.curve.map(({ step }) => step)).toEqual([2, 4, 6]);
    const losses = evaluations.flatMap(({ valid }) => (valid === undefined ? [] : [valid.loss]));
    expect(last.curve.map((point) => point.metrics.loss)).toEqual(losses);
  });

  it("says means, deviations and paired differences", async () => {
    const out = folder();
    const found = await compare({
      finetune: { ...finetune, metric: "loss" },
      seeds: [1, 2, 3],
      position: ["rotary", "none"],
      out,
    });
    const values = (position: string) =>
      found.runs
        .filter(({ alternative }) => alternative === `position=${position}`)
        .map((run) => run.metrics.loss as number);
    const [rotary, none] = [values("rotary"), values("none")];
    expect(new Set([...rotary, ...none]).size).toBe(6);
    const [first, second] = found.alternatives;
    expect(first).toMatchObject({ name: "position=rotary", settings: { position: "rotary" }, n: 3 });
    expect(first!.difference).toBeUndefined();
    expect(first!.metrics.loss!.mean).toBeCloseTo(mean(rotary), 12);
    const squares = none.map((value) => (value - mean(none)) ** 2);
    expect(second!.metrics.loss!.deviation).toBeCloseTo(Math.sqrt((squares[0]! + squares[1]! + squares[2]!) / 2), 12);
    expect(second!.difference).toEqual(metrics.pairedDifference(none, rotary));
    expect(found).toMatchObject({ command: "finetune", metric: "loss", lessIsBetter: true, part: "validation" });
    expect(found.best).toBeUndefined();
    expect(json(out, "comparison.json")).toEqual(JSON.parse(JSON.stringify(found)));
  });

  it("compares pretraining and attentions too, and saves nothing without a folder", async () => {
    const settings = { ...small, bagOfWords: undefined, vocabSize: undefined, maxLength: 16 };
    const common = { objective: "clm", data: [corpus], ...settings } as const;
    const found = await compare({ pretrain: common, attention: ["softmax", "linear-elu"], seeds: [3, 4] });
    expect(found).toMatchObject({ command: "pretrain", metric: "loss", part: "validation" });
    expect(found.runs.map(({ name }) => name)).toEqual(
      [3, 4].flatMap((seed) => ["softmax", "linear-elu"].map((one) => `attention=${one},seed=${seed}`)),
    );
    for (const { metrics: own, validation, folder } of found.runs) {
      expect(folder).toBeUndefined();
      expect(validation.loss).toBe(own.loss);
    }
    expect(found.alternatives[1]!.difference).toMatchObject({
      n: 2,
      low: expect.any(Number),
      high: expect.any(Number),
    });
  });

  it("takes a GLUE task, and bytes that can be read once", async () => {
    const data = temporaryFolder();
    const tsv = rows.map(({ text, label }) => `${text}\t${label === "yes" ? 1 : 0}`).join("\n");
    mkdirSync(join(data, "SST-2"));
    for (const file of ["train.tsv", "dev.tsv"]) writeFileSync(join(data, "SST-2", file), `sentence\tlabel\n${tsv}\n`);
    const glue = { glue: "sst2", data, ...small, steps: 1 } as const;
    const text = `text,label\n${rows.map((row) => `"${row.text}",${row.label}`).join("\n")}\n`;
    const bytes = new Blob([text]).stream();
    const once = { ...finetune, steps: 1, train: { name: "a.csv", bytes } };
    for (const options of [glue, once] as CompareOptions["finetune"][]) {
      const found = await compare({ finetune: options, seeds: [1, 2] });
      expect(found.runs).toHaveLength(2);
      expect(found.part).toBe(options === glue ? "test" : "validation");
    }
  });
});

describe("a cross-validation", () => {
  it("scores each row once, by a model that was not trained on it, and all rows together", async () => {
    const out = folder();
    const found = await compare({ finetune, folds: 3, seeds: [1, 2], out });
    expect(found).toMatchObject({ folds: 3, part: "test" });
    expect(found.runs.map(({ name }) => name)).toEqual(
      [1, 2].flatMap((seed) => [1, 2, 3].map((fold) => `seed=${seed},fold=${fold}`)),
    );
    for (const seed of [1, 2]) {
      const parts = folds(
        rows.map(({ text }) => text),
        rows.map(({ label }) => label),
        { count: 3, seed },
      );
      let [hits, loss] = [0, 0];
      for (const [i, part] of parts.entries()) {
        const run = found.runs.find((one) => one.seed === seed && one.fold!.index === i + 1)!;
        expect(run.metrics.split).toMatchObject({ test: part.length, fold: { index: i + 1, of: 3 }, heldOut: true });
        const { train: trained, valid } = run.metrics.split;
        expect(trained + valid + part.length).toBe(rows.length);
        const model = await RoFormer.load(run.folder!);
        const { metrics: own } = await evaluate(model, {
          data: part.map((row) => rows[row]!),
          text: "text",
          label: "label",
        });
        model.close();
        const { accuracy, loss: mean } = own as { accuracy: number; loss: number };
        expect(run.metrics.accuracy).toBeCloseTo(accuracy, 12);
        hits += accuracy * part.length;
        loss += mean * part.length;
      }
      const { metrics: pooled } = found.alternatives[0]!.pooled!.find((one) => one.seed === seed)!;
      expect(pooled.n).toBe(60);
      expect(pooled.accuracy).toBeCloseTo(hits / 60, 12);
      expect(pooled.loss).toBeCloseTo(loss / 60, 5); // batches of other sizes
    }
    const resumed = await compare({ finetune, folds: 3, seeds: [1, 2], out, resume: true });
    expect(resumed.alternatives).toEqual(found.alternatives);
  });

  it("refuses more folds than there are texts", async () => {
    await expect(compare({ finetune, folds: 31 })).rejects.toThrow("train: 31 folds of 30 different texts");
  });
});

describe("a search", () => {
  it("chooses by the validation score, never by the test's, where that is the same by the loss", async () => {
    const out = folder();
    const test = rows.map((row) => ({ ...row, label: row.label === "yes" ? "no" : "yes" })); // the better, the worse
    const options = {
      finetune: { ...finetune, lr: undefined, dropout: 0, maskRate: 0, steps: 60, evalEvery: 60, test },
      search: { lr: [1e-7, 1e-2] },
      out,
    };
    const found = await compare(options);
    const [low, high] = found.runs as [(typeof found.runs)[0], (typeof found.runs)[0]];
    expect(high.validation.accuracy).toBeGreaterThan(low.validation.accuracy!);
    expect(high.metrics.accuracy).toBeLessThan(low.metrics.accuracy as number);
    expect(found.best).toEqual([
      {
        ...{ alternative: "lr=0.01", settings: { lr: 0.01 }, score: high.validation.accuracy, of: 2 },
        ...{ runs: ["lr=0.01"], folders: [`${out}/runs/lr=0.01`] },
      },
    ]);
    expect(existsSync(join(out, "runs/lr=0.01/model.safetensors"))).toBe(true);
  });

  it("is of every combination, and has a best one for each position", async () => {
    const common = { ...finetune, lr: undefined, steps: undefined, evalEvery: undefined };
    const search = { lr: [1e-4, 3e-3], epochs: [1, 2] };
    const found = await compare({ finetune: common, position: ["rotary", "learned"], search });
    expect(found.alternatives).toHaveLength(8);
    expect(found.best!.map(({ of }) => of)).toEqual([4, 4]);
    expect(found.best!.map(({ alternative }) => alternative.split(",")[0])).toEqual([
      "position=rotary",
      "position=learned",
    ]);
    for (const { alternative, score } of found.best!) {
      const position = alternative.split(",")[0]!;
      const all = found.alternatives.filter(({ name }) => name.startsWith(position));
      expect(score).toBe(Math.max(...all.map(({ validation }) => validation.accuracy!.mean)));
    }
  });
});

describe("a comparison that was stopped", () => {
  const options = { finetune, seeds: [1, 2], position: ["rotary", "none"] } as const;

  it("goes on where it ended, after a stop within a run and between two", async () => {
    const whole = await compare({ ...options, out: folder() });
    for (const where of ["within", "between"]) {
      const out = folder();
      const controller = new AbortController();
      let run = 0;
      const before = engine().live();
      const running = compare({
        ...{ ...options, out, signal: controller.signal },
        onRun: ({ index }) => {
          run = index;
          if (where === "between" && index === 3) controller.abort();
        },
        onProgress: ({ step }) => {
          if (run === 3 && step === 3) controller.abort();
        },
      });
      await expect(running).rejects.toBeInstanceOf(AbortError);
      await expect(running).rejects.toThrow(
        `stopped in run 3 of 4, position=rotary,seed=2; the runs before it are kept in ${out}/runs: resume goes on with it`,
      );
      expect(engine().live()).toBe(before);
      expect(existsSync(join(out, "comparison.json"))).toBe(false);
      const finished: boolean[] = [];
      const messages: string[] = [];
      const found = await compare({
        ...{ ...options, out, resume: true },
        onRun: ({ isFinished }) => finished.push(isFinished),
        onMessage: (line) => messages.push(line),
      });
      const resumed = messages.filter((line) => line.startsWith("resumed from"));
      const step = `resumed from ${out}/runs/position=rotary,seed=2/checkpoints/step-3`;
      expect(resumed).toEqual(where === "within" ? [step] : []);
      expect(finished).toEqual([true, true, false, false]);
      const scores = ({ runs }: typeof found) =>
        runs.map((one) => [one.name, one.metrics.loss, one.validation, one.curve]);
      expect(scores(found)).toEqual(scores(whole));
    }
  });

  it("makes a run again if its data, its settings or its model are others, and all without resume", async () => {
    const out = folder();
    const one = { finetune, seeds: [1, 2], out };
    const made = async (given: CompareOptions) => {
      const again: string[] = [];
      await compare({ ...given, onRun: ({ name, isFinished }) => void (isFinished || again.push(name)) });
      return again;
    };
    expect(await made(one)).toEqual(["seed=1", "seed=2"]);
    expect(await made({ ...one, resume: true })).toEqual([]);
    expect(await made({ ...one, seeds: [2, 3], resume: true })).toEqual(["seed=3"]);
    expect(await made(one)).toEqual(["seed=1", "seed=2"]);
    const other = { ...finetune, train: [...rows.slice(1), { text: "it is good, number 60", label: "yes" }] };
    expect(await made({ ...one, finetune: other, resume: true })).toEqual(["seed=1", "seed=2"]);
    expect(await made({ ...one, finetune: { ...other, lr: 1e-3 }, resume: true })).toEqual(["seed=1", "seed=2"]);
    const state = join(out, "runs/seed=1/metrics.json");
    writeFileSync(state, JSON.stringify({ ...json(state), seconds: 1e6 }));
    writeFileSync(join(out, "runs/seed=2/run.json"), "{");
    expect(await made({ ...one, finetune: { ...other, lr: 1e-3 }, resume: true })).toEqual(["seed=1", "seed=2"]);
  });

  it("takes a file by its content, wherever it is", async () => {
    const [a, b] = [temporaryFolder(), temporaryFolder()];
    const text = `text,label\n${rows.map((row) => `"${row.text}",${row.label}`).join("\n")}\n`;
    for (const [place, content] of [
      [a, text],
      [b, text],
      [b, text.replace("good", "fair")],
    ] as const) {
      writeFileSync(join(place, "rows.csv"), content);
      const finished: boolean[] = [];
      const common = { ...finetune, train: join(place, "rows.csv") };
      await compare({
        ...{ finetune: common, seeds: [1], out: join(a, "out"), resume: true },
        onRun: ({ isFinished }) => finished.push(isFinished),
      });
      expect(finished).toEqual([place === b && content === text]);
    }
  });
});

describe("compare refuses", () => {
  it.each<[object, string]>([
    [{}, "compare needs the options of either finetune or pretrain"],
    [{ finetune, pretrain: {} }, "compare needs the options of either finetune or pretrain"],
    [{ finetune: { ...finetune, resume: true } }, "resume is an option of compare, not of the finetune of its runs"],
    [{ finetune: { ...finetune, out: "a" } }, "out is an option of compare, not of the finetune of its runs"],
    [{ finetune: { ...finetune, sead: 1 } }, 'compare: finetune: unknown option "sead"; did you mean "seed"?'],
    [{ finetune, seeds: [] }, "seeds is [], not a list of values"],
    [{ finetune, seeds: 3 }, "seeds is 3, not a list of values"],
    [{ finetune, seeds: [1, 2, 1] }, "seeds has 1 twice"],
    [{ finetune, seeds: [1, -2] }, "seeds has -2, not a whole number from 0"],
    [{ finetune: { ...finetune, seed: 1 }, seeds: [1, 2] }, "seed cannot be set together with seeds"],
    [{ finetune, position: ["rotary", "sideways"] }, 'position is "sideways", not one of rotary'],
    [{ finetune, position: ["rotary", "rotary"] }, 'position has "rotary" twice'],
    [
      { finetune: { ...finetune, position: "none" }, position: ["rotary", "none"] },
      "position has values to compare, and is an option of finetune too",
    ],
    [{ finetune, search: { lr: [1e-3] } }, "lr has values to compare, and is an option of finetune too"],
    [{ finetune, search: { dropuot: [0.1] } }, 'compare: search: unknown setting "dropuot"; did you mean "dropout"?'],
    [{ finetune, search: { seed: [1, 2] } }, 'unknown setting "seed"'],
    [{ finetune, search: { metric: ["loss", "f1"] } }, 'unknown setting "metric"'],
    [{ pretrain: { objective: "clm", data: [] }, search: { epochs: [1, 2] } }, 'unknown setting "epochs"'],
    [{ finetune, search: { dropout: [0.1, 2] } }, "dropout is 2, not a number from 0 to below 1"],
    [{ finetune, position: ["none"], search: { position: ["rotary"] } }, "position is given twice"],
    [{ finetune, folds: 1 }, "folds is 1, not a whole number of at least 2"],
    [{ finetune, folds: 2.5 }, "folds is 2.5, not a whole number of at least 2"],
    [
      { finetune: { ...finetune, test: rows }, folds: 2 },
      "folds cannot be set together with test: each fold is the test of a run",
    ],
    [{ pretrain: { objective: "clm", data: [] }, folds: 2 }, "folds are of labeled rows, which pretrain does not have"],
    [{ finetune, resume: true }, "resume needs out"],
    [{ finetune, resume: 1, out: "a" }, "resume is 1, not true or false"],
    [{ finetune, onRun: 5 }, "onRun is 5; expected a function"],
  ])("%j", async (options, message) => {
    await expect(compare(options as CompareOptions)).rejects.toThrow(message);
    await expect(compare(options as CompareOptions)).rejects.toMatchObject({ code: "CONFIG_ERROR" });
  });
});
