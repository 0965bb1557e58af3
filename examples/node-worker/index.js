// Trains a small classifier in a pool of workers and lets it sort lines of text, while this thread stays free for everything else.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createPool } from "roformer/session";

const beside = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Trains in one of the pool's workers, and gives the model as files that every worker can load; nothing goes to disk. */
async function train(pool) {
  return pool.run(async (session) => {
    const { model, metrics } = await session.finetune({
      train: beside("messages.csv"),
      text: "message",
      label: "topic",
      epochs: 20,
      onProgress: ({ step, steps, loss }) => {
        if (step % 50 === 0 || step === steps) console.log(`  step ${step} of ${steps}, loss ${loss.toFixed(3)}`);
      },
    });
    console.log(`  ${(100 * metrics.accuracy).toFixed(0)} % of the texts that were kept out of training are right`);
    const files = await model.files();
    await model.close();
    return files;
  });
}

/** Sorts lines as they come: no more are read than the workers can take, and answers come in the order of the lines. */
async function sort(pool, model, lines) {
  const judged = pool.map(lines, async (line) => ({ line, ...(await model.classify(line)) }));
  for await (const { line, label, score } of judged) {
    console.log(`  ${label.padEnd(8)} ${(100 * score).toFixed(0).padStart(3)} %  ${line}`);
  }
}

/** A request that is not wanted any more is given up: one that waits at once, one that runs at the end of its batch. */
async function giveUp(model, text) {
  try {
    await model.classify(Array(10_000).fill(text), { signal: AbortSignal.timeout(100) });
  } catch (error) {
    console.log(`  ${error.name}: ${error.message}`);
  }
}

/** Errors of a worker arrive with their class, their `code`, and words that say where, what was got and what was wanted. */
async function fail(pool) {
  try {
    await pool.load("./no-such-model");
  } catch (error) {
    console.log(`  ${error.name} (${error.code}): ${error.message}`);
  }
}

/** Runs `work` beside a timer of 10 ms, and says how late that came: mostly, and at worst, which other programs have a say in. */
async function timed(what, work) {
  console.log(what);
  const late = [];
  let due = performance.now() + 10;
  const timer = setInterval(() => {
    late.push(Math.max(0, performance.now() - due));
    due = performance.now() + 10;
  }, 10);
  const started = performance.now();
  const result = await work();
  clearInterval(timer);
  late.sort((a, b) => a - b);
  const [seconds, middle, worst] = [
    (performance.now() - started) / 1000,
    late[late.length >> 1] ?? 0,
    late.at(-1) ?? 0,
  ];
  console.log(
    `  ${seconds.toFixed(1)} s; a 10 ms timer of this thread was ${middle.toFixed(1)} ms late, at worst ${worst.toFixed(1)} ms`,
  );
  return result;
}

const pool = await createPool({ size: 2, maxQueue: 100 });
try {
  const files = await timed("Training in a worker", () => train(pool));
  const model = await pool.load(files);
  const lines = createInterface({ input: createReadStream(process.argv[2] ?? beside("incoming.txt")) });
  await timed("Sorting lines in both workers", () => sort(pool, model, lines));
  console.log("Giving up after 100 ms");
  await giveUp(model, "Where is my parcel?");
  console.log("An error of a worker");
  await fail(pool);
} finally {
  await pool.close();
}
