// Works that are a whole model's.
import { statSync } from "node:fs";
import { join } from "node:path";
import { configs, WORDS } from "../../models.mjs";
import { Unavailable } from "../../unavailable.mjs";

/** @param {import("../ours.mjs").Package} entries */
export const modelWorks = ({ main, train, engine }) => ({
  async forward({ folder, batch, int8 = false }) {
    const model = await main.RoFormer.load(folder, int8 ? { int8 } : {});
    if (int8 && !isSmall(await engine(), folder)) throw new Unavailable("it cannot load weights as int8");
    const run = () => model.forward(inputsOf(batch));
    return { run, output: outputOf(run()) };
  },

  /** From nothing to logits: loads, runs once. */
  async start({ folder, batch }) {
    const model = await main.RoFormer.load(folder);
    return { output: outputOf(model.forward(inputsOf(batch))) };
  },

  /** A step with dropout and AdamW. */
  async step({ folder, batch, lr }) {
    const run = stepOf(main, await main.RoFormer.load(folder), batch, { lr });
    const kernels = await engine();
    return { run, output: run.check(), measure: () => peakOfStep(kernels, run) };
  },

  /** The same with all but the classifier frozen. */
  async headStep({ folder, batch, lr }) {
    const model = await main.RoFormer.load(folder);
    model.store.freeze((name) => !name.startsWith("classifier"));
    const run = stepOf(main, model, batch, { lr });
    return { run, measure: async () => peakOfStep(await engine(), run) };
  },

  /** Milliseconds of each of `calls` classifications of one short text, the first of a process among them. */
  async latency({ calls }) {
    const { trainTokenizer } = await train();
    const vocabulary = { kind: "wordpiece", lines: [WORDS], vocabSize: 500, minFrequency: 1 };
    const tokenizer = await trainTokenizer(vocabulary);
    const config = { ...configs.small, vocab_size: 500 };
    const model = main.RoFormer.create(config, { head: "sequence-classification", tokenizer });
    return { measure: () => latencies(model, calls) };
  },
});

/**
 * Whether the engine holds less than half of the bytes of the folder's weights: an option that is not known changes nothing.
 * @param {{ used_bytes(): number }} kernels
 * @param {string} folder
 */
const isSmall = (kernels, folder) => kernels.used_bytes() < statSync(join(folder, "model.safetensors")).size / 2;

const inputsOf = ({ ids, mask, labels }) => ({ inputIds: ids, attentionMask: mask, ...(labels && { labels }) });

function outputOf({ logits, lastHiddenState }) {
  const output = new Float32Array(logits.data.length + lastHiddenState.data.length);
  output.set(logits.data);
  output.set(lastHiddenState.data, logits.data.length);
  return output;
}

/**
 * A training step as a function; its `check` gives loss and norm of the gradients without dropout, and trains nothing.
 * @param {any} main
 * @param {any} model
 * @param {{ ids: number[][], mask: number[][], labels: number[] }} batch
 * @param {{ lr?: number, recompute?: boolean }} [options]
 */
export function stepOf({ AdamW }, model, batch, { lr = 1e-4, recompute = false } = {}) {
  const optimizer = new AdamW(model, { lr });
  const inputs = inputsOf(batch);
  let step = 0;
  const run = () => {
    model.valueAndGrad(inputs, { train: true, seed: 1, step: step++, recompute });
    optimizer.step();
  };
  run.check = () => {
    const { loss } = model.valueAndGrad(inputs, { train: false });
    return Float32Array.of(loss, optimizer.step({ lr: 0 }).gradNorm);
  };
  return run;
}

/**
 * The most bytes in the engine's heap, after two steps: the first makes what stays.
 * @param {{ peak_bytes(): number }} kernels
 * @param {() => void} run
 */
export function peakOfStep(kernels, run) {
  for (let i = 0; i < 2; i++) run();
  return { peak: kernels.peak_bytes() };
}

async function latencies(model, calls) {
  const text = WORDS.split(" ").slice(0, 12).join(" ");
  const times = [];
  for (let i = 0; i < calls; i++) {
    const from = performance.now();
    await model.classify(text);
    times.push(performance.now() - from);
  }
  return times;
}
