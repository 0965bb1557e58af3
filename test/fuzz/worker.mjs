// Runs inputs [from, to) of one reader and writes what became of them; which input runs stands in a file all the time, so that
// the parent can name the one that hangs or kills the process.
import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { memory, RoFormer, RoFormerError } from "../../dist/index.js";
import { randomOf } from "./mutations.mjs";
import { readers, smallModel } from "./readers.mjs";

const [name, seed, from, to, progressFile, resultFile] = process.argv.slice(2);
/** Milliseconds after which a small file has taken too long. */
const SLOW = 3000;
/** Inputs between two looks at the engine. */
const CONTROL = 100;
const MOST_FINDINGS = 50;

const result = { inputs: 0, read: 0, refused: {}, findings: [] };
let current = -1;
const found = (why, detail) => {
  if (result.findings.length < MOST_FINDINGS)
    result.findings.push({ input: current, why, detail: String(detail).slice(0, 500) });
};
process.on("unhandledRejection", (error) => found("unhandled rejection", error?.stack ?? error));
process.on("uncaughtException", (error) => found("uncaught exception", error?.stack ?? error));

const base = await smallModel();
const blobs = new Map([...base].map(([file, bytes]) => [file, new Blob([bytes])]));

/** Logits of a whole model: the engine must give the same bits after whatever it was fed. */
async function control() {
  const model = await RoFormer.load(blobs);
  const { logits } = model.forward({ inputIds: [[1, 2, 3, 4]] });
  model.close();
  return logits.data.join();
}

async function runOne(index) {
  const random = randomOf(Number(seed) + index * 2654435761);
  const started = performance.now();
  try {
    await readers[name](random, base);
    result.read++;
  } catch (error) {
    const kind = error instanceof RoFormerError ? error.name : "foreign";
    result.refused[kind] = (result.refused[kind] ?? 0) + 1;
    if (kind === "foreign") found("not an error of this library", error?.stack ?? error);
    else if (/the engine died/.test(error.message)) found("the engine died", error.message);
  }
  const took = performance.now() - started;
  if (took > SLOW) found("slow", `${Math.round(took)} ms`);
  if ({}.polluted !== undefined) found("Object.prototype was changed", "polluted");
}

const progress = openSync(progressFile, "w");
const wanted = await control();
const { slots } = memory();
for (current = Number(from); current < Number(to); current++) {
  writeSync(progress, String(current).padEnd(16), 0);
  await runOne(current);
  result.inputs++;
  if (result.inputs % CONTROL !== 0 && current + 1 < Number(to)) continue;
  if ((await control()) !== wanted) found("the engine gives other numbers", "");
  if (memory().slots !== slots) found("memory is not given back", `${slots} slots, then ${memory().slots}`);
}
closeSync(progress);
writeFileSync(resultFile, JSON.stringify({ ...result, peakMemory: process.resourceUsage().maxRSS * 1024 }));
process.exit(0);
