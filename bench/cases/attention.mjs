// Attention over a long sequence: as fast as a product, and never the whole matrix of scores.
import { ask } from "../compare.mjs";
import { bytes } from "../table.mjs";

const SIZES = { D: 64, H: 4 };
const LONG = 4096;

/** @type {import("./index.mjs").Case} */
export const attention = {
  name: "attention",
  about: "attention forward and backward over 4096 tokens, beside a product's rate; its memory",
  peers: [],
  async run(bench) {
    await bench.pair({
      name: `attention T=${LONG} D=64 H=4, forward + backward`,
      left: { peer: "ours", work: "attention", options: { T: LONG, ...SIZES } },
      right: { peer: "ours", work: "matmul", options: { M: 1024, K: 1024, N: 1024, transposeB: true } },
      title: "product 1024³",
      wanted: { least: 1 / 1.5 },
      of: "speed",
    });
    const side = (T) => ({ peer: "ours", work: "attention", options: { T, ...SIZES } });
    const name = `attention memory, T=${LONG} / ${LONG / 2}`;
    await bench.attempt(name, side(LONG), async () => {
      const [long, half] = [await ask(side(LONG), bench.conditions), await ask(side(LONG / 2), bench.conditions)];
      bench.add({
        name,
        left: bytes(long.peak),
        right: `half the tokens ${bytes(half.peak)}`,
        ratios: [long.peak / half.peak],
        wanted: { most: 2.1 }, // 4 if the scores were kept
        of: "memory",
      });
    });
  },
};
