// f32 products beside what the processor can do, each in the three forms of a linear layer's step.

/** M × K × N of the forward product. */
const SHAPES = [
  [128, 768, 768],
  [512, 768, 3072],
  [1024, 1024, 1024],
];

/** The products of y = x Wᵀ and of its gradients, as options of `matmul`. */
const FORMS = {
  x·Wᵀ: (M, K, N) => ({ M, K, N, transposeB: true }),
  dy·W: (M, K, N) => ({ M, K: N, N: K }),
  dyᵀ·x: (M, K, N) => ({ M: N, K: M, N: K, transposeA: true }),
};

/** Each build beside the instruction that it has. */
const BUILDS = [
  { variant: "relaxed", fused: true },
  { variant: "simd", fused: false },
];

/** @type {import("./index.mjs").Case} */
export const gemm = {
  name: "gemm",
  about: "f32 products beside the processor's 128-bit peak, both builds, forward and backward forms",
  peers: [],
  async run(bench) {
    for (const { variant, fused } of BUILDS) {
      for (const [M, K, N] of SHAPES) {
        for (const [form, options] of Object.entries(FORMS)) {
          await bench.pair({
            name: `gemm ${M}×${K}×${N} ${form}, ${variant}`,
            left: { peer: "ours", work: "matmul", options: options(M, K, N), variant },
            right: { peer: "peak", work: "flops", options: { fused } },
            wanted: { least: 0.75 },
            of: "speed",
          });
        }
      }
    }
  },
};
