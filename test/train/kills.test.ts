import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ROOT, roformer, temporaryFolder } from "../process.js";

const folder = temporaryFolder();
const rows = Array.from(
  { length: 600 },
  (_, i) => `${i % 2 ? "good" : "bad"} text ${i} of ${i % 7} words\t${i % 3 ? "yes" : "no"}`,
);
writeFileSync(join(folder, "rows.tsv"), `text\tlabel\n${rows.join("\n")}\n`);
writeFileSync(join(folder, "corpus.txt"), rows.map((row) => `${row.split("\t")[0]}, and nothing else.\n`).join(""));

const small = ["--layers", "1", "--width", "64", "--heads", "2", "--batch", "8", "--save-every", "9"];
const commands = {
  finetune: [
    ...["finetune", "--train", "rows.tsv", "--text", "text", "--label", "label", "--epochs", "4"],
    ...["--eval-every", "20", "--ema", "0.9", "--vocab-size", "300"],
  ],
  pretrain: ["pretrain", "--objective", "mlm", "--data", "corpus.txt", "--steps", "250", "--vocab-size", "300"],
};

/** Runs a command and kills it after a while; true if it had ended by itself before. */
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
const read = (out: string, file: string) => readFileSync(join(folder, out, file));

const KILLS = 10;

it.each(["finetune", "pretrain"] as const)(
  "%s, killed at ten random moments and resumed, leaves the bytes of a run that was not",
  { timeout: 300_000 },
  async (name) => {
    const args = [...commands[name], ...small];
    const whole = `${name}-whole`;
    const first = await roformer([...args, "--out", whole, "--threads", "1"], { cwd: folder });
    expect(first.code, first.stderr).toBe(0);
    const moments: number[] = [];
    let newest = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      // From the start of the process to the middle of what a run of it takes, so that each gets somewhere, and none to the end.
      const moment = 300 + Math.random() * (kill === 0 ? 700 : 1500);
      moments.push(Math.round(moment));
      if (await ends([...args, "--out", name, "--resume", "--quiet", "--threads", String(1 + (kill % 2))], moment))
        break;
      const made = existsSync(join(folder, name, "checkpoints")) ? readdirSync(join(folder, name, "checkpoints")) : [];
      const steps = made.filter((one) => one.startsWith("step-")).map((one) => Number(one.slice(5)));
      expect(Math.max(0, ...steps), `killed after ${moments.join(", ")} ms`).toBeGreaterThanOrEqual(newest);
      newest = Math.max(0, ...steps);
    }
    const last = await roformer([...args, "--out", name, "--resume", "--threads", "2"], { cwd: folder });
    expect(last.code, last.stderr).toBe(0);
    const why = `killed after ${moments.join(", ")} ms; ${last.stderr}`;
    expect(read(name, "model.safetensors").equals(read(whole, "model.safetensors")), why).toBe(true);
    expect(parsed(read(name, "metrics.json").toString()), why).toEqual(parsed(read(whole, "metrics.json").toString()));
    const lines = (out: string) => read(out, "log.jsonl").toString().trim().split("\n").map(parsed);
    expect(lines(name), why).toEqual(lines(whole));
    expect(readdirSync(join(folder, name, "checkpoints")).every((one) => one.startsWith("step-"))).toBe(true);
  },
);
