import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ROOT, roformer, temporaryFolder } from "../process.js";
import { corpus, rows } from "../train/compare/data.js";

const small = ["--layers", "1", "--width", "16", "--heads", "2", "--batch", "8", "--threads", "1"];
const steps = ["--steps", "4", "--eval-every", "2"];
const data = ["--train", "rows.csv", "--text", "text", "--label", "label", "--vocab-size", "80"];
const finetune = ["finetune", ...data, ...small];
const pretrain = ["pretrain", "--data", "a.txt", "--objective", "clm", "--max-length", "16", ...small, ...steps];

let folder: string;
const call = (...args: string[]) => roformer(args, { cwd: folder });
const read = (...path: string[]) => readFileSync(join(folder, ...path), "utf8");

beforeAll(() => {
  folder = join(temporaryFolder(), "comparisons");
  mkdirSync(join(folder, "SST-2"), { recursive: true });
  writeFileSync(
    join(folder, "rows.csv"),
    `text,label\n${rows.map(({ text, label }) => `"${text}",${label}\n`).join("")}`,
  );
  const tsv = rows.map(({ text, label }) => `${text}\t${label === "yes" ? 1 : 0}\n`).join("");
  for (const file of ["train", "dev"]) writeFileSync(join(folder, "SST-2", `${file}.tsv`), `sentence\tlabel\n${tsv}`);
  writeFileSync(join(folder, "a.txt"), corpus.bytes);
});

describe("a comparison", () => {
  it("prints a table with the difference, and leaves its report beside its runs", async () => {
    const varied = ["--seeds", "1,2,3", "--position", "rotary,learned"];
    const { code, stdout, stderr } = await call(...finetune, ...steps, ...varied, "--out", "plain");
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^ +n +accuracy +difference +95 % interval$/m);
    expect(stdout).toMatch(/^position=rotary +3 +\d\.\d{4} ± \d\.\d{4}$/m);
    expect(stdout).toMatch(
      /^position=learned +3 +\d\.\d{4} ± \d\.\d{4} +[+−]\d\.\d{4} +[+−]\d\.\d{4} to [+−]\d\.\d{4}$/m,
    );
    expect(stdout).toMatch(/^6 runs in \d+ s$/m);
    expect(stderr).toMatch(/^run 6 of 6: position=learned,seed=3$/m);
    for (const file of [
      "comparison.json",
      "comparison.md",
      "comparison.svg",
      "runs/position=learned,seed=3/config.json",
    ])
      expect(existsSync(join(folder, "plain", file)), file).toBe(true);
    const learned = JSON.parse(read("plain/runs/position=learned,seed=3/config.json"));
    expect(learned.model_type).toBe("bert");
  });

  it("gives one value with --json: that of comparison.json", async () => {
    const { code, stdout } = await call(
      ...pretrain,
      "--attention",
      "softmax,linear-elu",
      "--seeds",
      "1,2",
      "--json",
      "--out",
      "json",
    );
    expect(code).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toEqual(JSON.parse(read("json/comparison.json")));
    expect(found.runs).toHaveLength(4);
    expect(found).toMatchObject({ command: "pretrain", metric: "loss", lessIsBetter: true });
    const [first, second] = found.alternatives;
    expect(first.metrics.loss).toMatchObject({ n: 2, mean: expect.any(Number), deviation: expect.any(Number) });
    const losses = (name: string): number[] =>
      found.runs.flatMap((run: { alternative: string; metrics: { loss: number } }) =>
        run.alternative === name ? [run.metrics.loss] : [],
      );
    const [a, b] = [losses("attention=softmax"), losses("attention=linear-elu")];
    expect(second.difference.difference).toBeCloseTo((b[0]! - a[0]! + b[1]! - a[1]!) / 2, 12);
  });

  it("takes lists of a config file, GLUE, and settings as flags or fields are written", async () => {
    const yaml =
      "seeds: [1, 2]\nposition: [rotary]\nsearch: { max-length: [8, 12], recompute: [true, false] }\nthreads: 1\n";
    writeFileSync(join(folder, "run.yaml"), yaml);
    const common = ["finetune", "--glue", "sst2", "--data", ".", "--config", "run.yaml", "--steps", "1", "--json"];
    const { code, stdout, stderr } = await call(
      ...common,
      "--layers",
      "1",
      "--width",
      "16",
      "--heads",
      "2",
      "--out",
      "glue",
    );
    expect(code, stderr).toBe(0);
    const { alternatives, part, best } = JSON.parse(stdout);
    expect(part).toBe("test");
    expect(alternatives.map(({ settings }: { settings: object }) => settings)).toEqual(
      [8, 12].flatMap((maxLength) => [true, false].map((recompute) => ({ maxLength, recompute }))),
    );
    expect(best).toMatchObject([{ of: 4, runs: [expect.stringMatching(/seed=1$/), expect.stringMatching(/seed=2$/)] }]);
  });

  it("names the best of a search, where its models are, and how to train it again", async () => {
    const search = ["--search", "lr=1e-4,3e-3,epochs=1,2"];
    const { code, stdout } = await call(...finetune, ...search, "--quiet", "--out", "search");
    expect(code).toBe(0);
    const [, lr, epochs] = /^Best of 4 settings by the validation score: lr=([\d.]+), epochs=(\d), accuracy/m.exec(
      stdout,
    )!;
    expect(stdout).toContain("As the best of 4 this score is a little too good.");
    expect(stdout).toContain(`Its models: search/runs/lr=${lr},epochs=${epochs}.`);
    expect(existsSync(join(folder, `search/runs/lr=${lr},epochs=${epochs}/model.safetensors`))).toBe(true);
    expect(stdout).toContain(`the same command with --lr ${lr} --epochs ${epochs} instead of --search`);
    const again = await call(...finetune, "--lr", lr!, "--epochs", epochs!, "--out", "again", "--json");
    const best = JSON.parse(read(`search/runs/lr=${lr},epochs=${epochs}/metrics.json`));
    expect(JSON.parse(again.stdout).loss).toBe(best.loss);
  });

  it("cross-validates, and says that no single model results", async () => {
    const { code, stdout } = await call(...finetune, ...steps, "--folds", "3", "--quiet", "--out", "folds");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ +n +accuracy +accuracy, all rows$/m);
    expect(stdout).toMatch(/^all runs +3 +\d\.\d{4} ± \d\.\d{4} +\d\.\d{4}$/m);
    expect(stdout).toContain("This gives 3 models, one per fold, in runs, and not one.");
  });

  it("of one value each is an ordinary run", async () => {
    const one = ["--seeds", "3", "--position", "none", "--search", "lr=1e-3"];
    const { code, stdout } = await call(...finetune, ...steps, ...one, "--out", "one", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ seed: 3, settings: { lr: 1e-3, position: "none" } });
    expect(existsSync(join(folder, "one/runs"))).toBe(false);
    const plain = await call(
      ...finetune,
      ...steps,
      "--seed",
      "3",
      "--position",
      "none",
      "--lr",
      "1e-3",
      "--out",
      "two",
    );
    expect(plain.code).toBe(0);
    expect(read("two/config.json")).toBe(read("one/config.json"));
    expect(readFileSync(join(folder, "two/model.safetensors"))).toEqual(
      readFileSync(join(folder, "one/model.safetensors")),
    );
  });
});

describe("--resume", () => {
  const args = [...finetune, "--steps", "4", "--seeds", "1,2,3", "--position", "rotary,none"];

  /** Runs until stderr holds something, and then sends a signal. */
  function stopped(out: string, at: RegExp, signal: NodeJS.Signals): Promise<number | null> {
    const child = spawn(process.execPath, [join(ROOT, "dist/cli/index.js"), ...args, "--out", out], { cwd: folder });
    let [stderr, isSent] = ["", false];
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      if (!at.test(stderr) || isSent) return;
      isSent = true;
      child.kill(signal);
    });
    return new Promise((resolve) => child.on("close", resolve));
  }

  it.each(["SIGINT", "SIGKILL"] as const)("goes on after %s with the runs that are not finished", async (signal) => {
    const out = `stopped-${signal}`;
    expect(await stopped(out, /run 3 of 6/, signal)).toBe(signal === "SIGINT" ? 130 : null);
    expect(existsSync(join(folder, out, "comparison.json"))).toBe(false);
    const { code, stderr } = await call(...args, "--out", out, "--resume");
    expect(code, stderr).toBe(0);
    const lines = stderr.split("\n").filter((line) => line.startsWith("run "));
    expect(lines).toHaveLength(6);
    expect(lines.slice(0, 2).every((line) => line.endsWith(", finished before"))).toBe(true);
    expect(lines.at(-1)).not.toContain("finished");
    const again = await call(...args, "--out", out, "--resume");
    expect(again.stderr.match(/finished before/g)).toHaveLength(6);
    await call(...args, "--out", "whole", "--quiet");
    const losses = (of: string) =>
      JSON.parse(read(of, "comparison.json")).runs.map((run: { metrics: { loss: number } }) => run.metrics.loss);
    expect(losses(out)).toEqual(losses("whole"));
  });
});

describe("a wrong comparison", () => {
  it.each<[string[], RegExp]>([
    [["--seeds", "1,2,1"], /1 is given twice/],
    [["--seeds", "1,x"], /"x" is not a whole number from 0/],
    [["--seeds", "1,2", "--seed", "3"], /--seed cannot be set together with --seeds/],
    [["--position", "rotary,sideways"], /"sideways" is not one of rotary/],
    [["--search", "lr"], /"lr" is not a setting with a value, as in lr=1e-4,3e-4/],
    [["--search", "larning=1"], /"larning" is not a setting that can be searched/],
    [["--search", "epoch=1,2"], /did you mean epochs\?/],
    [["--search", "lr=1,-1"], /lr: "-1" is not a positive number/],
    [["--search", "lr=1,2", "--lr", "3"], /--lr cannot be set together with --search lr/],
    [["--search", "seed=1,2"], /"seed" is not a setting that can be searched/],
    [["--folds", "1"], /"1" is not a whole number of at least 2/],
    [["--folds", "3", "--test", "rows.csv"], /--folds cannot be set together with --test/],
    [["--folds", "3", "--glue", "mrpc"], /--folds cannot be set together with --glue/],
  ])("%j is refused as wrong usage", async (args, message) => {
    const { code, stderr } = await call(
      ...finetune,
      ...(args.includes("--glue") ? ["--data", "."] : []),
      ...args,
      "--out",
      "no",
    );
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(existsSync(join(folder, "no"))).toBe(false);
  });

  it("has as many folds as there are texts at most", async () => {
    const { code, stderr } = await call(...finetune, "--folds", "31", "--out", "many");
    expect(stderr).toContain("rows.csv: 31 folds of 30 different texts: there must be at least one each");
    expect(code).toBe(1);
  });
});
