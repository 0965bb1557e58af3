import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ROOT, roformer, temporaryFolder } from "../process.js";

const words = { yes: ["good", "great", "lovely", "fine", "joy"], no: ["bad", "awful", "poor", "sad", "bore"] };

/** Rows that any model can tell apart. */
function rows(count: number): { text: string; label: string }[] {
  return Array.from({ length: count }, (_, i) => {
    const label = i % 2 === 0 ? "yes" : "no";
    const word = (j: number) => words[label][(i * 7 + j * 3) % 5]!;
    return { text: `it is ${word(0)} and ${word(1)}, number ${i}`, label };
  });
}

const csv = (list: { text: string; label: string }[]) =>
  `text,label\n${list.map(({ text, label }) => `"${text}",${label}\n`).join("")}`;

const small = ["--layers", "1", "--width", "16", "--heads", "2", "--vocab-size", "80", "--batch", "8", "--seed", "3"];

const columns = ["--text", "text", "--label", "label"];
/** A training run that learns the rows by heart. */
const training = [
  "finetune",
  "--train",
  "train.csv",
  "--test",
  "test.jsonl",
  ...columns,
  "--epochs",
  "30",
  "--lr",
  "3e-3",
  ...small,
];

describe("the command line, from training to prediction", () => {
  let folder: string;
  let trained: Awaited<ReturnType<typeof roformer>>;

  beforeAll(async () => {
    folder = join(temporaryFolder(), "with a space");
    mkdirSync(folder);
    writeFileSync(join(folder, "train.csv"), csv(rows(60)));
    writeFileSync(
      join(folder, "test.jsonl"),
      rows(20)
        .map((row) => `${JSON.stringify(row)}\n`)
        .join(""),
    );
    trained = await roformer([...training, "--out", "model", "--json"], { cwd: folder });
  });

  it("finetune learns, prints metrics as one JSON value and writes a Hugging Face folder", () => {
    expect(trained.stderr).toMatch(/steps {2}loss/);
    expect(trained.code).toBe(0);
    const metrics = JSON.parse(trained.stdout);
    expect(metrics).toMatchObject({ n: 20, accuracy: 1 });
    expect(JSON.parse(readFileSync(join(folder, "model/metrics.json"), "utf8"))).toEqual({
      ...metrics,
      peakMemory: expect.any(Number),
    });
    expect(readdirSync(join(folder, "model")).sort()).toEqual([
      ...["README.md", "config.json", "log.jsonl", "metrics.json", "model.safetensors"],
      ...["special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt"],
    ]);
    const config = JSON.parse(readFileSync(join(folder, "model/config.json"), "utf8"));
    expect(config).toMatchObject({
      model_type: "roformer",
      architectures: ["RoFormerForSequenceClassification"],
      id2label: { 0: "no", 1: "yes" },
    });
  });

  it("the same seed trains the same bytes, in another process", async () => {
    const again = await roformer([...training, "--out", "again", "--quiet"], { cwd: folder });
    expect(again.code).toBe(0);
    for (const file of ["model.safetensors", "tokenizer.json", "config.json"]) {
      expect(readFileSync(join(folder, "again", file)).equals(readFileSync(join(folder, "model", file))), file).toBe(
        true,
      );
    }
  });

  it("evaluate reads back the very metrics", async () => {
    const { code, stdout } = await roformer(
      ["evaluate", "--model", "model", "--data", "test.jsonl", "--text", "text", "--label", "label", "--json"],
      { cwd: folder },
    );
    expect(code).toBe(0);
    const { n, loss, accuracy, f1 } = JSON.parse(trained.stdout);
    expect(JSON.parse(stdout)).toMatchObject({ n, loss, accuracy, f1 });
  });

  it("a model that has not learned says so, and no F1 of 0", async () => {
    const short = [...training, "--out", "short", "--steps", "1", "--lr", "1e-9"];
    const { stdout } = await roformer(short, { cwd: folder });
    expect(stdout).toMatch(/^test: 20 texts: accuracy [\d.]+ %, loss [\d.]+$/m);
    expect(stdout).toMatch(
      /^Always predicting the most frequent label gets \d+ % of the test rows right, and the model \d+ %: it has not learned to tell the labels apart\.$/m,
    );
    expect(stdout).toMatch(/^"(yes|no)" is never predicted, though \d+ test rows have it\.$/m);
    expect(stdout).not.toContain("F1 0");
    const data = ["--data", "test.jsonl", "--text", "text", "--label", "label"];
    const again = await roformer(["evaluate", "--model", "short", ...data], { cwd: folder });
    const notes = (text: string) => text.split("\n").filter((line) => /^(Always|"(yes|no)" is|With)/.test(line));
    expect(notes(again.stdout)).toEqual(notes(stdout).filter((line) => !line.includes("bag of words")));
  });

  it("evaluate scores regressions and several labels a text", async () => {
    const at = (name: string) => join(ROOT, "test/golden/evaluate", name);
    const score = (model: string, data: string, ...more: string[]) =>
      roformer(["evaluate", "--model", at(model), "--data", at(data), "--text", "text", "--label", "label", ...more]);
    const expected = JSON.parse(readFileSync(at("expected.json"), "utf8"));
    expect((await score("regression", "values.csv")).stdout).toMatch(
      new RegExp(`^40 texts: mean squared error ${expected.regression.meanSquaredError.toFixed(4)}, Pearson`),
    );
    const { stdout } = await score("multi-label", "labels-bar.csv", "--label-separator", "|", "--json");
    const { perLabel, microF1 } = JSON.parse(stdout);
    expect(microF1).toBeCloseTo(expected["multi-label"].microF1, 9);
    expect(perLabel).toEqual(expected["multi-label"].perLabel);
    const lines = (await score("multi-label", "labels.csv")).stdout.split("\n");
    expect(lines[0]).toMatch(/^40 texts: all labels right 7\.50 %, micro F1 0\.1905, macro F1 0\.1544, loss 1\.4250$/);
    expect(lines[2]).toMatch(/^expected calibration error of the probabilities 0\.\d{4}$/);
    expect(lines[5]).toMatch(/^y +0\.2500 +0\.1579 +0\.1935 +19$/);
  });

  it("predict labels words, files and standard input alike, in order", async () => {
    const texts = ["it is good and lovely", "it is awful", "it is fine and great"];
    const fromWords = await roformer(["predict", "--model", "model", "--json", ...texts], { cwd: folder });
    const fromInput = await roformer(["predict", "--model", "model", "--json", "-"], {
      cwd: folder,
      input: `${texts.join("\n")}\n`,
    });
    expect(fromWords.stdout).toBe(fromInput.stdout);
    const lines = fromWords.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ text }) => text)).toEqual(texts);
    expect(lines.map(({ label }) => label)).toEqual(["yes", "no", "yes"]);
    for (const { scores, score, label } of lines) {
      expect(scores.yes + scores.no).toBeCloseTo(1, 6);
      expect(scores[label]).toBe(score);
    }
    const plain = await roformer(["predict", "--model", "model", "--data", "test.jsonl", "--text", "text"], {
      cwd: folder,
    });
    expect(plain.stdout.trim().split("\n")).toHaveLength(20);
  });

  it("Ctrl-C stops after the step, saves, and says so: exit code 130", async () => {
    const { code, stderr } = await roformer(
      [
        "finetune",
        "--train",
        "train.csv",
        "--text",
        "text",
        "--label",
        "label",
        "--out",
        "stopped",
        "--steps",
        "100000",
        ...small,
      ],
      { cwd: folder, interruptAt: /steps {2}loss/ },
    );
    expect(code).toBe(130);
    expect(stderr).toMatch(/stopped after step \d+; the model is saved in stopped as it stands/);
    const { code: readable } = await roformer(["predict", "--model", "stopped", "it is good"], { cwd: folder });
    expect(readable).toBe(0);
  });

  it("an option of the config file is as its flag, and flags win", async () => {
    writeFileSync(
      join(folder, "run.yaml"),
      "train: train.csv\ntext: text\nlabel: label\nlayers: 1\nwidth: 16\nheads: 2\nvocabSize: 80\nbatch: 8\nsteps: 2\nout: from-config\n",
    );
    const { code, stderr } = await roformer(
      ["finetune", "--config", "run.yaml", "--width", "32", "--position", "none"],
      { cwd: folder },
    );
    expect(code, stderr).toBe(0);
    const config = JSON.parse(readFileSync(join(folder, "from-config/config.json"), "utf8"));
    expect(config).toMatchObject({
      hidden_size: 32,
      num_hidden_layers: 1,
      model_type: "roformer_js",
      roformer_js: { position: "none" },
    });
  });

  it("fine-tunes a saved model with other labels", async () => {
    writeFileSync(
      join(folder, "three.csv"),
      csv(rows(60).map((row, i) => ({ ...row, label: i % 3 === 0 ? "maybe" : row.label }))),
    );
    const { code, stderr } = await roformer(
      [
        "finetune",
        "--init",
        "model",
        "--train",
        "three.csv",
        "--text",
        "text",
        "--label",
        "label",
        "--out",
        "three",
        "--steps",
        "3",
      ],
      { cwd: folder },
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/fresh weights: classifier\.out_proj\.weight, classifier\.out_proj\.bias/);
    const config = JSON.parse(readFileSync(join(folder, "three/config.json"), "utf8"));
    expect(config.id2label).toEqual({ 0: "maybe", 1: "no", 2: "yes" });
  });
});

describe("wrong use", () => {
  it.each([
    [["--no-such-option"], 2, /unknown option/],
    [["frobnicate"], 2, /unknown command/],
    [["finetune"], 2, /finetune needs --train, --out/],
    [["finetune", "--position", "sideways"], 2, /sideways.*not one of rotary/],
    [["finetune", "--lr", "-1"], 2, /-1.*not a positive number/],
    [["predict", "--model", "m"], 2, /needs texts/],
    [["predict", "--model", "nowhere", "x"], 1, /nowhere\/config\.json: no such file/],
    [["finetune", "--config", "nowhere.json"], 1, /nowhere\.json cannot be read/],
  ] as const)("%j ends with %i and one line", async (args, code, message) => {
    const ended = await roformer(args);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/\n {4}at /);
    expect(ended.code).toBe(code);
    expect(ended.stdout).toBe("");
  });

  it("--help and --version end with 0", async () => {
    for (const args of [
      ["--help"],
      ["finetune", "--help"],
      ["evaluate", "--help"],
      ["predict", "--help"],
      ["--version"],
    ]) {
      const { code, stdout } = await roformer(args);
      expect([code, stdout.length > 4]).toEqual([0, true]);
    }
  });

  it("a config with a misspelt field names it and what was meant", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "c.json"), '{"epochz": 3}');
    const { code, stderr } = await roformer(["finetune", "--config", "c.json"], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toBe("error: c.json: epochz is not an option of this command; epochs is\n");
    expect(existsSync(join(folder, "model"))).toBe(false);
  });
});
