// Training: loss, gradients and AdamW, with dropout.
import { batchOf, full } from "../inputs.mjs";
import { configs } from "../models.mjs";

/** @type {{ model: keyof typeof configs, B: number, T: number, wanted: { [peer: string]: number | undefined } }[]} */
const ROWS = [
  { model: "small", B: 8, T: 128, wanted: { jaxJs: 2.1, torch: 1 / 1.7 } },
  { model: "small", B: 2, T: 1024, wanted: { torch: 1 } },
  { model: "base", B: 2, T: 128, wanted: { torch: undefined } },
];

/**
 * A batch with labels.
 * @param {keyof typeof configs} model
 * @param {number} B
 * @param {number} T
 */
export const labelled = (model, B, T) => ({
  ...batchOf(full(B, T), configs[model].vocab_size),
  labels: Array.from({ length: B }, (_, b) => b % 2),
});

/** @type {import("./index.mjs").Case} */
export const step = {
  name: "step",
  about: "a training step with AdamW and dropout 0.1, beside jax-js and PyTorch",
  peers: ["jaxJs", "torch"],
  async run(bench) {
    for (const { model, B, T, wanted } of ROWS) {
      const options = { folder: await bench.model(model), batch: labelled(model, B, T), lr: 1e-4 };
      for (const [peer, least] of Object.entries(wanted)) {
        await bench.pair({
          name: `step ${model} (${B},${T})`,
          left: { peer: "ours", work: "step", options },
          right: { peer, work: "step", options },
          wanted: least === undefined ? undefined : { least },
          of: "speed",
        });
      }
    }
  },
};
