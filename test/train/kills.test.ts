import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT, roformer, temporaryFolder } from "../process.js";

const folder = temporaryFolder();
const texts = Array.from({ length: 500 }, (_, i) => `${i % 2 ? "good" : "bad"} text ${i} of ${i % 7} words`);
writeFileSync(
  join(folder, "rows.tsv"),
  ["text\tlabel", ...texts.map((one, i) => `${one}\t${i % 3 ? "yes" : "no"}`), ""].join("\n"),
);
writeFileSync(join(folder, "corpus.txt"), texts.map((one) => `${one}, and nothing else.\n`).join(""));

const small = ["--layers", "1", "--width", "64", "--heads", "2", "--batch", "8", "--vocab-size", "300"];
const rows = ["finetune", "--train", "rows.tsv", "--text", "text", "--label", "label", ...small, "--save-every", "9"];

interface Killed {
  readonly args: readonly string[];
  /** Folders of models in the output. */
  readonly models: readonly string[];
}

const commands: Readonly<Record<string, Killed>> = {
  finetune: { args: [...rows, "--epochs", "3", "--eval-every", "20", "--ema", "0.9"], models: ["."] },
  pretrain: {
    args: [
      "pretrain",
      "--objective",
      "mlm",
      "--data",
      "corpus.txt",
      "--steps",
      "200",
      "--max-length",
      "32",
      ...small,
      "--save-every",
      "9",
    ],
    models: ["."],
  },
  "a comparison": {
    args: [...rows, "--steps", "70", "--seeds", "1,2"],
    models: ["runs/seed=1", "runs/seed=2"],
  },
};

/** Runs a command and kills it after a while; whether it had ended by itself before. */
function ends(args: readonly string[], milliseconds: number): Promise<boolean> {
  const child = spawn(process.execPath, [join(ROOT, "dist/cli/index.js"), ...args], { cwd: folder, stdio: "ignore" });
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(code === 0);
    });
  });
}

const MEASURED = new Set(["seconds", "tokensPerSecond", "secondsLeft", "memory", "peakMemory"]);
const parsed = (line: string) => JSON.parse(line, (name, value) => (MEASURED.has(name) ? undefined : value)) as unknown;

/** What a model's folder has, without times. */
function left(out: string) {
  const read = (file: string) => readFileSync(join(folder, out, file));
  return {
    weights: read("model.safetensors").toString("base64"),
    metrics: parsed(read("metrics.json").toString()),
    log: read("log.jsonl").toString().trim().split("\n").map(parsed),
  };
}

/** The steps of a run's checkpoints, added up over all runs of the output. */
function progress(out: string, models: readonly string[]): number {
  const steps = models.flatMap((model) => {
    const kept = join(folder, out, model, "checkpoints");
    return existsSync(kept) ? readdirSync(kept).filter((one) => one.startsWith("step-")) : [];
  });
  return steps.reduce((sum, one) => sum + Number(one.slice(5)), 0);
}

const KILLS = 10;

it.each(Object.keys(commands))(
  "%s, killed at ten random moments and resumed, leaves the bytes of a run that was not",
  { timeout: 300_000 },
  async (name) => {
    const { args, models } = commands[name]!;
    const [whole, out] = [`${name}-whole`, name];
    const started = performance.now();
    const first = await roformer([...args, "--out", whole, "--threads", "1"], { cwd: folder });
    let took = performance.now() - started;
    expect(first.code, first.stderr).toBe(0);
    const moments: number[] = [];
    let furthest = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      // A start takes a good part of such a run: before it is over nothing is made, and near the end all is.
      const moment = took * (0.3 + 0.5 * Math.random());
      moments.push(Math.round(moment));
      const threads = String(1 + (kill % 2));
      if (await ends([...args, "--out", out, "--resume", "--quiet", "--threads", threads], moment)) {
        // The machine was busier before: begin again, with shorter lives.
        rmSync(join(folder, out), { recursive: true });
        took *= 0.6;
      }
      furthest = Math.max(furthest, progress(out, models));
    }
    const last = await roformer([...args, "--out", out, "--resume", "--threads", "2"], { cwd: folder });
    const why = `killed after ${moments.join(", ")} of ${Math.round(took)} ms; ${last.stderr}`;
    expect(last.code, why).toBe(0);
    expect(furthest, why).toBeGreaterThan(0);
    for (const model of models) expect(left(join(out, model)), why).toEqual(left(join(whole, model)));
  },
);
