// Inference without padding.
import { batchOf, full } from "../inputs.mjs";
import { configs } from "../models.mjs";

/** @type {{ model: keyof typeof configs, B: number, T: number, wanted: { [peer: string]: number | undefined } }[]} */
const ROWS = [
  { model: "base", B: 1, T: 128, wanted: { onnxruntimeWeb: 1.5 } },
  { model: "base", B: 8, T: 128, wanted: { onnxruntimeWeb: 1.5 } },
  { model: "base", B: 1, T: 512, wanted: { onnxruntimeWeb: 1.5 } },
  { model: "small", B: 8, T: 128, wanted: { onnxruntimeWeb: undefined } },
  { model: "small", B: 2, T: 1024, wanted: { onnxruntimeWeb: 1.6, torch: 1 } },
];

/** @type {import("./index.mjs").Case} */
export const forward = {
  name: "forward",
  about: "RoFormer-base and 4 × 256, full batches, beside onnxruntime-web and PyTorch",
  peers: ["onnxruntimeWeb", "torch"],
  async run(bench) {
    for (const { model, B, T, wanted } of ROWS) {
      const options = { folder: await bench.model(model), batch: batchOf(full(B, T), configs[model].vocab_size) };
      for (const [peer, least] of Object.entries(wanted)) {
        await bench.pair({
          name: `forward ${model} (${B},${T})`,
          left: { peer: "ours", work: "forward", options },
          right: { peer, work: "forward", options },
          wanted: least === undefined ? undefined : { least },
          of: "speed",
        });
      }
    }
  },
};
