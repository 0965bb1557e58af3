// What only pages can be asked. Each function is called by a test.
import { ConfigError, DataError, doctor, EngineError, init, RoFormer, RoFormerError, ShapeError } from "roformer";
import { createSession } from "roformer/session";
import { finetune, trainTokenizer } from "roformer/train";
import { run, training } from "./common.mjs";

const TINY = { vocab_size: 32, hidden_size: 16, num_hidden_layers: 1, num_attention_heads: 2, intermediate_size: 32 };
const INPUTS = { inputIds: [[1, 2, 3]] };
const CLASSES = { ConfigError, DataError, EngineError, ShapeError };

/** Loads a model without a tokenizer, and runs it. */
async function withoutTokenizer() {
  await init();
  const model = RoFormer.create(TINY, { head: "masked-lm" });
  const { logits } = model.forward(INPUTS);
  model.close();
  return logits.shape;
}

/** Trains a tokenizer, and uses it. */
async function withTokenizer() {
  const tokenizer = await trainTokenizer({ kind: "wordpiece", lines: ["a joy", "a bore"], vocabSize: 20 });
  return tokenizer.encode("a joy").ids.length;
}

/** Trains a little on two threads. */
async function trains() {
  const session = await createSession({ variant: "simd-threads", threads: 2 });
  const { threads } = await session.doctor();
  const { metrics } = await session.finetune({ ...training, steps: 3 });
  await session.close();
  return { threads, steps: metrics.steps, loss: metrics.loss };
}

/** Starts what `trains` does, and says when the training is at work. */
async function beginsToTrain() {
  const session = await createSession({ variant: "simd-threads", threads: 2 });
  await new Promise((resolve, reject) => {
    session.finetune({ ...training, steps: 10_000, onProgress: resolve }).catch(reject);
  });
  return true;
}

/** What errors of the worker are in the page. */
async function errors() {
  const session = await createSession({ variant: "simd" });
  const model = await session.create(TINY, { head: "masked-lm" });
  const other = await session.create(TINY, { head: "masked-lm" });
  await other.close();
  const calls = {
    ConfigError: () => session.create({ ...TINY, hidden_size: 15 }, { head: "masked-lm" }),
    DataError: () => session.finetune({ ...training, text: "nothing" }),
    EngineError: () => other.forward(INPUTS),
    ShapeError: async () => (await model.parameters())[0].write([1]),
  };
  const found = {};
  for (const [name, call] of Object.entries(calls)) {
    const error = await call().catch((thrown) => thrown);
    const is = error instanceof CLASSES[name] && error instanceof RoFormerError && error instanceof Error;
    const others = Object.keys(CLASSES).filter((other) => other !== name && error instanceof CLASSES[other]);
    found[name] = { is, others, code: error.code, name: error.name, message: error.message };
  }
  await session.close();
  return found;
}

/** Milliseconds between animation frames while a session trains for so long. */
async function frames(milliseconds) {
  const session = await createSession();
  const controller = new AbortController();
  const settings = { ...training, width: 128, ffn: 512, layers: 4, steps: 100_000, signal: controller.signal };
  let steps = 0;
  const begun = new Promise((resolve, reject) => {
    const onProgress = () => {
      steps++;
      resolve();
    };
    session.finetune({ ...settings, onProgress }).catch(reject);
  });
  await begun;
  const gaps = [];
  const start = performance.now();
  for (let last = start; last - start < milliseconds; ) {
    const now = await new Promise(requestAnimationFrame);
    gaps.push(now - last);
    last = now;
  }
  const made = steps;
  controller.abort();
  await session.close();
  return { gaps: gaps.slice(1), steps: made };
}

/** Kills a session's worker while calls wait, and tells how they ended. */
async function killed(calls) {
  const session = await createSession();
  const settings = { ...training, steps: 100_000 };
  const waiting = [];
  await new Promise((resolve, reject) => {
    const first = session.finetune({ ...settings, onProgress: resolve });
    first.catch(reject);
    waiting.push(first);
  });
  while (waiting.length < calls) waiting.push(session.finetune(settings));
  const start = performance.now();
  session.worker.terminate();
  const ends = await Promise.allSettled(waiting);
  return {
    milliseconds: performance.now() - start,
    rejected: ends.filter(({ reason }) => reason instanceof EngineError && reason.code === "ENGINE_ERROR").length,
    message: ends[0].reason?.message,
    alive: session.alive,
  };
}

/** See `common.mjs`. */
const everything = () => run({ doctor, init, finetune, createSession });

globalThis.programs = { everything, withoutTokenizer, withTokenizer, trains, beginsToTrain, errors, frames, killed };
