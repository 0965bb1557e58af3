// Where a step's time goes, by kind of kernel.
import { median } from "../statistics.mjs";
import { duration } from "../table.mjs";

/** @type {{ model: keyof typeof import("../models.mjs").configs, B: number, T: number, wanted: { [kind: string]: number } }[]} */
const ROWS = [
  { model: "base", B: 8, T: 128, wanted: { "element-wise": 0.12 } },
  { model: "narrow", B: 4, T: 128, wanted: { "outside wasm": 0.1 } },
];

/** @type {import("./index.mjs").Case} */
export const shares = {
  name: "shares",
  about: "share of a training step by kind of kernel, and outside wasm, for base and for width 128",
  peers: [],
  async run(bench) {
    for (const { model, B, T, wanted } of ROWS) {
      const steps = model === "base" ? 2 : 10 * bench.conditions.pairs;
      const side = { peer: "ours", work: "shares", options: { model, B, T, steps } };
      await bench.measured(`step ${model} (${B},${T})`, side, (found) =>
        rowsOf(`step ${model} (${B},${T})`, found, wanted),
      );
    }
  },
};

/**
 * @param {string} name
 * @param {{ [kind: string]: number }[]} found milliseconds of each step, by kind and in all
 * @param {{ [kind: string]: number }} wanted
 */
function rowsOf(name, found, wanted) {
  const total = duration(median(found.map((one) => one.total)));
  const kinds = Object.keys(found[0]).filter((kind) => kind !== "total");
  return kinds.map((kind) => ({
    name: `${name}: ${kind}`,
    left: duration(median(found.map((one) => one[kind]))),
    right: `whole step ${total}`,
    ratios: found.map((one) => one[kind] / one.total),
    wanted: kind in wanted ? { most: wanted[kind] } : undefined,
    of: "share",
  }));
}
