// What training costs on top of inference: 3 times the arithmetic, and nothing else if all goes well.
import { labelled } from "./step.mjs";

/** @type {{ model: keyof typeof import("../models.mjs").configs, B: number, T: number }[]} */
const ROWS = [
  { model: "small", B: 8, T: 128 },
  { model: "base", B: 8, T: 128 },
];

/** @type {import("./index.mjs").Case} */
export const stepForward = {
  name: "step-forward",
  about: "a training step against the forward pass of the same batch",
  peers: [],
  async run(bench) {
    for (const { model, B, T } of ROWS) {
      const { labels, ...batch } = labelled(model, B, T);
      const folder = await bench.model(model);
      await bench.pair({
        name: `step / forward ${model} (${B},${T})`,
        left: { peer: "ours", work: "step", options: { folder, batch: { ...batch, labels } } },
        right: { peer: "ours", work: "forward", options: { folder, batch } },
        title: "forward",
        wanted: { most: 3.3 },
        of: "time",
      });
    }
  },
};
