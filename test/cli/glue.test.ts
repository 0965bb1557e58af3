import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { init, RoFormer } from "../../ts/index.js";
import { metrics, readGlue } from "../../ts/train/index.js";
import { roformer, temporaryFolder } from "../process.js";
import { rowsIn, TASKS, textsOf, writeGlue } from "./glueFiles.js";

const small = ["--layers", "1", "--width", "8", "--heads", "2", "--vocab-size", "90", "--steps", "12", "--lr", "0.02"];

/** Official scores of each task, as words of the report. */
const WORDS: Readonly<Record<string, RegExp>> = {
  cola: /Matthews' correlation -?[01]\.\d{4}$/m,
  sst2: /accuracy \d+\.\d\d %$/m,
  mrpc: /accuracy \d+\.\d\d %, F1 [01]\.\d{4}$/m,
  stsb: /Pearson -?[01]\.\d{4}, Spearman -?[01]\.\d{4}$/m,
  qqp: /accuracy \d+\.\d\d %, F1 [01]\.\d{4}$/m,
  mnli: /matched accuracy \d+\.\d\d %; mismatched accuracy \d+\.\d\d %$/m,
  qnli: /accuracy \d+\.\d\d %$/m,
  rte: /accuracy \d+\.\d\d %$/m,
  wnli: /accuracy \d+\.\d\d %$/m,
};

/** The leaderboard's files by the official ones. */
const SUBMITTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...{ cola: { "test.tsv": "CoLA.tsv" }, sst2: { "test.tsv": "SST-2.tsv" }, mrpc: { "test.tsv": "MRPC.tsv" } },
  ...{ stsb: { "test.tsv": "STS-B.tsv" }, qqp: { "test.tsv": "QQP.tsv" }, qnli: { "test.tsv": "QNLI.tsv" } },
  ...{ rte: { "test.tsv": "RTE.tsv" }, wnli: { "test.tsv": "WNLI.tsv" } },
  mnli: {
    ...{ "test_matched.tsv": "MNLI-m.tsv", "test_mismatched.tsv": "MNLI-mm.tsv" },
    "../diagnostic/diagnostic.tsv": "AX.tsv",
  },
};
const ONE_TEXT = ["cola", "sst2"];
const SPLITS: Readonly<Record<string, readonly string[]>> = { mnli: ["validation_matched", "validation_mismatched"] };

let root: string;
const at = (name: string) => join(root, name);

async function call(...args: string[]) {
  const ended = await roformer(args, { cwd: root });
  if (ended.code !== 0) throw new Error(ended.stderr);
  return ended.stdout;
}

/** What the leaderboard's file should hold, from the texts that the official file was made of, one at a time. */
async function expected(name: string, file: string): Promise<string> {
  const model = await RoFormer.load(at(`model-${name}`));
  const lines = ["index\tprediction\n"];
  for (let i = 0; i < rowsIn(file); i++) {
    const [text, pair] = textsOf(file, i);
    const pairs = [name === "qqp" && i === 2 ? "" : pair];
    const { label, score } = await model.classify(text, ONE_TEXT.includes(name) ? {} : { pairs });
    const id = Object.values(model.config.id2label!).indexOf(label);
    const value = TASKS[name]!.submitted?.[id] ?? Math.min(Math.max(score, 0), 5).toFixed(3);
    lines.push(`${i}\t${value}\n`);
  }
  model.close();
  return lines.join("");
}

/** Official scores of a split, computed from the rows. */
async function official(name: string, split: string): Promise<Record<string, number>> {
  const model = await RoFormer.load(at(`model-${name}`));
  const { rows } = await readGlue(at("data"), name, split as never);
  const labels = Object.values(model.config.id2label!);
  const [found, truth]: [number[], number[]] = [[], []];
  for (const { values } of rows) {
    const [text, pair] = Object.entries(values).filter(([key]) => !["label", "idx"].includes(key));
    const { label, score } = await model.classify(text![1] as string, pair ? { pairs: [pair[1] as string] } : {});
    found.push(name === "stsb" ? score : labels.indexOf(label));
    truth.push(name === "stsb" ? (values.label as number) : labels.indexOf(values.label as string));
  }
  model.close();
  if (name === "stsb") return { pearson: metrics.pearson(found, truth), spearman: metrics.spearman(found, truth) };
  if (name === "cola") return { matthews: metrics.matthews(found, truth) };
  const accuracy = metrics.accuracy(found, truth);
  return ["mrpc", "qqp"].includes(name)
    ? { accuracy, f1: metrics.f1(found, truth, { average: "binary" }) }
    : { accuracy };
}

// As the command line does: the same build, the same bits.
beforeAll(() => init({ v8Flags: true }));

describe.each(Object.keys(TASKS))("GLUE's %s, in official files", (name) => {
  let report: string;
  beforeAll(async () => {
    root = temporaryFolder();
    writeGlue(at("data"), TASKS[name]!);
    report = await call("finetune", "--glue", name, "--data", "data", "--out", `model-${name}`, ...small);
  }, 60_000);

  it("is trained, and scored by its official metrics on all its validation rows", async () => {
    expect(report).toMatch(new RegExp(`^official scores of GLUE ${name}: ${WORDS[name]!.source}`, "m"));
    const saved = JSON.parse(readFileSync(at(`model-${name}/metrics.json`), "utf8"));
    const scored = JSON.parse(
      await call("evaluate", "--glue", name, "--data", "data", "--model", `model-${name}`, "--json"),
    );
    const splits = SPLITS[name] ?? ["validation"];
    for (const split of splits)
      for (const [metric, value] of Object.entries(await official(name, split)))
        expect(saved.glue.scores[split][metric], `${split} ${metric}`).toBeCloseTo(value, 6);
    expect(Object.keys(saved.glue.scores)).toEqual(splits);
    expect(scored.glue).toEqual(saved.glue);
    expect(saved.glue.task).toBe(name);
    expect([saved.n, scored.n, saved.mismatched?.n]).toEqual([12, 12, name === "mnli" ? 9 : undefined]);
    expect(scored.mismatched).toEqual(saved.mismatched);
    if (name === "mnli") expect(saved.mismatched.accuracy).toBe(saved.glue.scores.validation_mismatched.accuracy);
  }, 60_000);

  it("is predicted as the leaderboard wants it, every test row in its order", async () => {
    const out = JSON.parse(
      await call(
        "predict",
        "--glue",
        name,
        "--data",
        "data",
        "--model",
        `model-${name}`,
        "--out",
        "sent/new",
        "--json",
      ),
    );
    expect(readdirSync(at("sent/new")).sort()).toEqual(Object.values(SUBMITTED[name]!).sort());
    for (const [file, submitted] of Object.entries(SUBMITTED[name]!))
      expect(readFileSync(at(`sent/new/${submitted}`), "utf8"), submitted).toBe(await expected(name, file));
    expect(out.files.map(({ n }: { n: number }) => n)).toEqual(Object.keys(SUBMITTED[name]!).map(() => 7));
  }, 60_000);

  if (name === "mnli")
    it("is the diagnostic set alone on demand, and does without it and without mismatched rows, which it says", async () => {
      await call("predict", "--glue", "ax", "--data", "data", "--model", "model-mnli", "--out", "ax.tsv");
      expect(readFileSync(at("ax.tsv"), "utf8")).toBe(await expected("mnli", "../diagnostic/diagnostic.tsv"));
      rmSync(at("data/MNLI/dev_mismatched.tsv"));
      rmSync(at("data/diagnostic"), { recursive: true });
      const scored = await call("evaluate", "--glue", name, "--data", "data", "--model", "model-mnli");
      expect(scored).toMatch(/^official scores of GLUE mnli: matched accuracy [\d.]+ %$/m);
      const ended = await roformer(
        ["predict", "--glue", "mnli", "--data", "data/MNLI", "--model", "model-mnli", "--out", "two"],
        { cwd: root },
      );
      expect(ended.stderr).toContain("data/MNLI has no diagnostic set: AX.tsv is not written");
      expect(readdirSync(at("two")).sort()).toEqual(["MNLI-m.tsv", "MNLI-mm.tsv"]);
    }, 60_000);

  if (name === "rte")
    it("is written to a file, and refused where it does not fit", async () => {
      const predict = (...args: string[]) =>
        roformer(["predict", "--data", "data", "--model", "model-rte", ...args], { cwd: root });
      expect((await predict("--glue", "rte", "--out", "own.tsv")).stdout).toBe("7 predictions are in own.tsv\n");
      expect(readFileSync(at("own.tsv"), "utf8")).toBe(await expected("rte", "test.tsv"));
      expect(await predict("--glue", "rte")).toMatchObject({ code: 2, stderr: "error: predict needs --out\n" });
      const named = await predict("--glue", "rte", "--out", "x", "--text", "a");
      expect(named).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("--text cannot be set together with --glue"),
      });
      writeGlue(at("data"), TASKS.mnli!);
      const one = await predict("--glue", "mnli", "--out", "x.tsv");
      expect(one).toMatchObject({
        code: 2,
        stderr: expect.stringContaining("--out is x.tsv; expected a folder: mnli has 3 files"),
      });
      const other = await predict("--glue", "mnli", "--out", "x");
      expect(other.code).toBe(1);
      expect(other.stderr).toContain(
        "the model's labels are entailment, not_entailment; mnli has entailment, neutral, contradiction",
      );
      const secret = await roformer(["evaluate", "--glue", "ax", "--data", "data", "--model", "model-rte"], {
        cwd: root,
      });
      expect(secret.stderr).toContain("evaluate: the labels of ax are secret; predict them with a model of mnli");
      expect(existsSync(at("x"))).toBe(false);
    }, 60_000);
});
