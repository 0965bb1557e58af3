// Inference of texts as they come: their lengths differ, graphs want them padded, packed sequences do not.
import { batchOf } from "../inputs.mjs";
import { lengths } from "../lengths.mjs";
import { configs } from "../models.mjs";

/** @type {{ model: keyof typeof configs, texts: keyof typeof lengths, count: number }[]} */
const ROWS = [
  { model: "base", texts: "sst2", count: 16 },
  { model: "small", texts: "sst2", count: 32 },
  { model: "small", texts: "mail", count: 16 },
];

/** @type {import("./index.mjs").Case} */
export const realBatch = {
  name: "real-batch",
  about: "batches of real lengths (SST-2, mails), where onnxruntime-web computes the padding",
  peers: ["onnxruntimeWeb"],
  async run(bench) {
    for (const { model, texts, count } of ROWS) {
      const batch = batchOf(lengths[texts].slice(0, count), configs[model].vocab_size);
      const options = { folder: await bench.model(model), batch };
      await bench.pair({
        name: `real batch ${model}, ${count} of ${texts}`,
        left: { peer: "ours", work: "forward", options },
        right: { peer: "onnxruntimeWeb", work: "forward", options },
        wanted: { least: 2 },
        of: "speed",
      });
    }
  },
};
