// Products with a constant matrix, called from JavaScript: fed from there, and read there.

/** M × K × N. */
const SHAPES = [
  [64, 64, 64],
  [128, 256, 256],
  [1, 768, 768],
  [128, 768, 768],
];

/** @type {import("./index.mjs").Case} */
export const smallGemm = {
  name: "small-gemm",
  about: "f32 products fed and read from JavaScript, beside onnxruntime-web and TensorFlow.js",
  peers: ["onnxruntimeWeb", "tfjs"],
  async run(bench) {
    for (const [M, K, N] of SHAPES) {
      const side = { work: "product", options: { M, K, N } };
      for (const peer of this.peers) {
        await bench.pair({
          name: `product ${M}×${K}×${N}`,
          left: { peer: "ours", ...side },
          right: { peer, ...side },
          wanted: peer === "onnxruntimeWeb" ? { least: 1 } : undefined,
          of: "speed",
        });
      }
    }
  },
};
