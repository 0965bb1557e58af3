// One side of a comparison: a process of its own that prepares a work and times it when told to.
// node bench/child.mjs PEER SETTINGS; a JSON line in is a command, a JSON line out its answer.
import { createInterface } from "node:readline";
import { peers } from "./peers/index.mjs";
import { Unavailable } from "./unavailable.mjs";

/**
 * Something to be timed or asked.
 * @typedef {object} Work
 * @property {() => unknown} [run] once; a promise is waited for
 * @property {number} [amount] what one run does, where the two sides do not do the same: flops
 * @property {Float32Array} [output] what the other side must find too
 * @property {() => unknown} [measure] figures of its own
 */

/** The clock is not asked more often than this. */
const SHORTEST_BATCH_MS = 1;

/** @type {Work} */
let work = {};
let batch = 1;

async function runBatch() {
  for (let i = 0; i < batch; i++) {
    const result = work.run?.();
    if (result instanceof Promise) await result;
  }
}

/**
 * Milliseconds a run, over `ms` or one batch. The mean: what takes the processor away from a long run takes as much of it
 * from many short ones, and a median of those would hide it.
 * @param {number} ms
 */
async function time(ms) {
  const from = performance.now();
  let batches = 0;
  do {
    await runBatch();
    batches++;
  } while (performance.now() - from < ms);
  return (performance.now() - from) / batches / batch;
}

const commands = {
  /** @param {{ work: string, options: object }} body */
  async prepare({ work: name, options }) {
    const make = (await works)[name];
    if (!make) throw new Error(`it has no work called ${name}`);
    work = await make(options);
    const { output, amount = 1 } = work;
    return {
      amount,
      output: output && Buffer.from(output.buffer, output.byteOffset, output.byteLength).toString("base64"),
    };
  },
  /** @param {{ ms: number }} body */
  async warm({ ms }) {
    batch = 1;
    const each = await time(ms);
    batch = Math.max(1, Math.ceil(SHORTEST_BATCH_MS / each));
    return each;
  },
  /** @param {{ ms: number }} body */
  time: ({ ms }) => time(ms),
  measure: () => work.measure?.(),
  /** Most bytes that the process had in memory so far. */
  peakMemory: () => process.resourceUsage().maxRSS * 1024,
  about: () => about,
  runtime: () => ({ node: process.versions.node }),
};

const [, , name, settings] = process.argv;
const reply = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
// Libraries talk, and stdout is for answers alone.
console.log = console.info = console.error;
let about = {};
const { start } = peers[name];
if (!start) throw new Error(`${name} is started by another program`);
const works = start(JSON.parse(settings)).then((started) => {
  about = started.about;
  return started.works;
});
works.catch(() => {}); // told with the first answer

for await (const line of createInterface({ input: process.stdin })) {
  const { command, ...body } = JSON.parse(line);
  try {
    await works;
    reply({ value: await commands[command](body) });
  } catch (error) {
    const [line] = (error instanceof Error ? error.message : String(error)).split("\n");
    reply({ error: line, unavailable: error instanceof Unavailable });
  }
}
process.exit(); // a library's workers would keep it
