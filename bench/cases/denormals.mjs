// Steps with denormal numbers against an ordinary one. Without fused products (simd), a product of two tiny normal numbers is
// denormal whatever it is added to: those steps are slow on Intel's processors, so `products` is measured for relaxed alone.

const ROWS = [
  { variant: "simd", kinds: ["gradients", "weights"] },
  { variant: "relaxed", kinds: ["gradients", "weights", "products"] },
];

/** @type {import("./index.mjs").Case} */
export const denormals = {
  name: "denormals",
  about: "a training step whose gradients, weights or products are denormal, beside an ordinary one",
  peers: [],
  async run(bench) {
    for (const { variant, kinds } of ROWS) {
      const side = (kind) => ({ peer: "ours", work: "denormals", options: { kind }, variant, threads: 1 });
      for (const kind of kinds) {
        await bench.pair({
          name: `denormal ${kind}, ${variant}`,
          left: side(kind),
          right: side("ordinary"),
          title: "ordinary",
          wanted: { most: 2 },
          of: "time",
        });
      }
    }
  },
};
