// What a step costs of which all is frozen but the head: little more than the forward pass.
import { labelled } from "./step.mjs";

/** @type {{ model: keyof typeof import("../models.mjs").configs, B: number, T: number }[]} */
const ROWS = [
  { model: "small", B: 8, T: 128 },
  { model: "base", B: 8, T: 128 },
];

/** @type {import("./index.mjs").Case} */
export const frozen = {
  name: "frozen",
  about: "a training step with all but the head frozen, against a step that trains all",
  peers: [],
  async run(bench) {
    for (const { model, B, T } of ROWS) {
      const options = { folder: await bench.model(model), batch: labelled(model, B, T) };
      await bench.pair({
        name: `step of the head / of all, ${model} (${B},${T})`,
        left: { peer: "ours", work: "headStep", options },
        right: { peer: "ours", work: "step", options },
        title: "all",
        wanted: { most: 0.45 },
        of: "time",
      });
    }
  },
};
