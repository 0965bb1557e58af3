// Feeds damaged files to every reader in processes of their own: `node test/fuzz/fuzz.mjs --minutes 60`.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export const READERS = ["safetensors", "pickle", "index", "config", "create", "tokenizer", "vocab", "rows", "convert"];
const WORKER = fileURLToPath(new URL("worker.mjs", import.meta.url));
/** Milliseconds in which one small input must be through. */
const HANG = 15_000;
/** Resident bytes that no small input needs. */
const MOST_MEMORY = 2e9;

/**
 * Runs inputs `[from, to)` of a reader; gives counts and findings. A process that hangs, grows or dies is ended, its input is a
 * finding, and the next process goes on behind it.
 */
export async function fuzz(reader, { seed, from, to }) {
  const folder = mkdtempSync(join(tmpdir(), "roformer-fuzz-"));
  const total = { inputs: 0, read: 0, refused: {}, findings: [], peakMemory: 0 };
  try {
    for (let next = from; next < to; ) {
      const { result, stopped, at } = await runWorker(folder, reader, seed, next, to);
      total.peakMemory = Math.max(total.peakMemory, result?.peakMemory ?? 0);
      if (result) {
        add(total, result);
        break;
      }
      total.findings.push({ input: at, ...stopped });
      total.inputs += at + 1 - next;
      next = at + 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return total;
}

function add(total, { inputs, read, refused, findings }) {
  total.inputs += inputs;
  total.read += read;
  for (const [kind, count] of Object.entries(refused)) total.refused[kind] = (total.refused[kind] ?? 0) + count;
  total.findings.push(...findings);
}

async function runWorker(folder, reader, seed, from, to) {
  const [progress, resultFile] = [join(folder, "progress"), join(folder, "result.json")];
  rmSync(progress, { force: true });
  const env = { ...process.env, ROFORMER_THREADS: "1", ROFORMER_FUZZ_FOLDER: folder };
  const child = spawn(process.execPath, [WORKER, reader, seed, from, to, progress, resultFile].map(String), {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let [errors, stopped] = ["", undefined];
  child.stderr.on("data", (text) => {
    errors = (errors + text).slice(-2000);
  });
  const at = () => Number((existsSync(progress) && readFileSync(progress, "utf8")) || from);
  const stop = (why, detail) => {
    stopped ??= { why, detail };
    child.kill("SIGKILL");
  };
  const watch = watcher(child, at, stop);
  const [code, signal] = await new Promise((resolve) => child.on("close", (...end) => resolve(end)));
  clearInterval(watch);
  if (existsSync(resultFile)) return { result: JSON.parse(readFileSync(resultFile, "utf8")) };
  return { at: at(), stopped: stopped ?? { why: "the process died", detail: `${code ?? signal} ${errors}` } };
}

function watcher(child, at, stop) {
  let [last, since] = [undefined, performance.now()];
  return setInterval(() => {
    const now = at();
    if (now !== last) [last, since] = [now, performance.now()];
    else if (performance.now() - since > HANG) stop("hangs", `more than ${HANG} ms`);
    const memory = residentBytes(child.pid);
    if (memory > MOST_MEMORY) stop("takes memory", `${memory} bytes`);
  }, 250);
}

/** Where the system does not say, 0. */
function residentBytes(pid) {
  try {
    return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      reader: { type: "string" },
      minutes: { type: "string", default: "1" },
      seed: { type: "string", default: "0" },
      inputs: { type: "string", default: "200" },
    },
  });
  const chosen = values.reader === undefined ? READERS : [values.reader];
  const [count, seed, end] = [
    Number(values.inputs),
    Number(values.seed),
    performance.now() + 60_000 * Number(values.minutes),
  ];
  const totals = new Map(
    chosen.map((reader) => [reader, { inputs: 0, read: 0, refused: {}, findings: [], peakMemory: 0, ms: 0 }]),
  );
  for (let round = 0; performance.now() < end; round++) {
    for (const [reader, total] of totals) {
      if (performance.now() >= end) break;
      const started = performance.now();
      const found = await fuzz(reader, { seed, from: round * count, to: (round + 1) * count });
      add(total, found);
      total.ms += performance.now() - started;
      total.peakMemory = Math.max(total.peakMemory, found.peakMemory);
      for (const finding of found.findings) console.log(JSON.stringify({ reader, ...finding }));
    }
  }
  for (const [reader, { findings, ms, ...total }] of totals)
    console.log(
      JSON.stringify({
        reader,
        ...total,
        inputsPerSecond: Math.round((1000 * total.inputs) / ms),
        findings: findings.length,
      }),
    );
  process.exitCode = [...totals.values()].some(({ findings }) => findings.length > 0) ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
