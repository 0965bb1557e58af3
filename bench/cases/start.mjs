// From the start of a process to the first logits, with a model from a file.
import { batchOf, full } from "../inputs.mjs";
import { configs } from "../models.mjs";

/** @type {{ model: keyof typeof configs, most: number }[]} */
const ROWS = [
  { model: "small", most: 1 / 4 },
  { model: "baseFull", most: 1 / 3 },
];

/** @type {import("./index.mjs").Case} */
export const start = {
  name: "start",
  about: "start of a process to first logits, 4 × 256 and base with 50,000 words, beside onnxruntime-web",
  peers: ["onnxruntimeWeb"],
  async run(bench) {
    for (const { model, most } of ROWS) {
      const options = { folder: await bench.model(model), batch: batchOf(full(1, 16), configs[model].vocab_size) };
      await bench.fresh({
        name: `start ${model}`,
        left: { peer: "ours", work: "start", options },
        right: { peer: "onnxruntimeWeb", work: "start", options },
        wanted: { most },
        of: "time",
      });
    }
  },
};
