// Attentions over longer and longer sequences: softmax's time grows with the square of the length, linear attention's with the
// length, and so does all memory.
import { ask, inTurn, ratios } from "../compare.mjs";
import { configs } from "../models.mjs";
import { median } from "../statistics.mjs";
import { bytes, duration } from "../table.mjs";
import { limited } from "./memory.mjs";

const SIZES = { D: 64, H: 4 };
const LENGTHS = [256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];
const LINEAR = ["linear-elu", "linear-relu", "linear-shen", "performer", "performer-relu"];

/** Of softmax, whose run over 16,384 tokens takes half a minute and is not repeated; over 32,768 it would take two. */
const SOFTMAX_LONGEST = { quick: 8192, full: 16_384 };

/** From here on a length twice as long may cost 2.2 times as much: below, what does not grow has a share. */
const GROWS_FROM = 512;
const GROWTH = 2.2;

/**
 * Models that train at the greatest length in a GiB. A Performer's 266 features of a head are 133 MiB for queries, as much for keys,
 * and both again turned, in a layer of width 256: with 4 × 256 it takes 1.9 GiB.
 * @type {{ model: "small" | "narrow", title: string, attention: string }[]}
 */
const TRAINED = [
  { model: "small", title: "4 × 256", attention: "linear-elu" },
  { model: "narrow", title: "4 × 128", attention: "performer" },
];

const MIB = 2 ** 20;

/** @typedef {{ times: number[], peak: number }} Found of one attention over one length: milliseconds by turn, the engine's most bytes */
/** @typedef {Map<number, Found>} ByLength */

/** @type {import("./index.mjs").Case} */
export const longSequences = {
  name: "longSequences",
  about: "softmax and linear attentions over 256 to 32,768 tokens: time, memory, where they cross; training at 32,768",
  peers: [],
  async run(bench) {
    await kernels(bench);
    const longest = SOFTMAX_LONGEST[bench.conditions.quick ? "quick" : "full"];
    const softmax = await measured(bench, "softmax", { longest });
    /** @type {{ [attention: string]: ByLength }} */
    const all = { softmax };
    for (const attention of LINEAR) {
      const found = await measured(bench, attention, { softmax });
      all[attention] = found;
      growth(bench, attention, found, "time");
      growth(bench, attention, found, "memory");
      crossing(bench, attention, found, softmax);
    }
    charts(bench, all);
    for (const model of TRAINED) await training(bench, model);
  },
};

/**
 * An attention over lengths up to `longest`, beside softmax over the same length, or else itself over half of it.
 * @param {import("../bench.mjs").Bench} bench
 * @param {string} attention
 * @param {{ longest?: number, softmax?: ByLength }} options
 */
async function measured(bench, attention, { longest = Number.POSITIVE_INFINITY, softmax = new Map() }) {
  /** @type {ByLength} */
  const found = new Map();
  const lengths = LENGTHS.filter((length) => length <= longest);
  const sides = lengths.map((T) => ({ peer: "ours", work: "longAttention", options: { attention, T, ...SIZES } }));
  await bench.attempt(attention, sides[0], async () => {
    for (const [i, one] of (await inTurn(sides, bench.conditions)).entries()) found.set(lengths[i], one);
    for (const [T, one] of found) {
      const beside = softmax.get(T);
      const other = beside ?? found.get(T / 2);
      if (!other) continue;
      const right = `${beside ? "softmax" : "half the tokens"} ${shown(other)}`;
      // Neighbours in a turn, or else what each took at its own time.
      const by = beside ? [median(one.times) / median(other.times)] : ratios(one.times, other.times);
      bench.add({ name: `${attention} T=${T}`, left: shown(one), right, ratios: by, of: "time" });
    }
  });
  return found;
}

/** @param {Found} found */
const shown = ({ times, peak }) => `${duration(median(times))}, ${bytes(peak)}`;

/**
 * The shortest length over which an attention is faster than softmax.
 * @param {import("../bench.mjs").Bench} bench
 * @param {string} attention
 * @param {ByLength} found
 * @param {ByLength} softmax
 */
function crossing(bench, attention, found, softmax) {
  const name = `${attention} faster than softmax`;
  const both = [...found.keys()].filter((T) => softmax.has(T));
  if (both.length === 0) return;
  const ratio = (T) => median(found.get(T).times) / median(softmax.get(T).times);
  const first = both.find((T) => ratio(T) < 1);
  if (first === undefined) return bench.skip(name, `not over up to ${both.at(-1)} tokens`);
  const from = `${first === both[0] ? "at most " : ""}T=${first}`;
  const left = `from ${from}: ${shown(found.get(first))}`;
  bench.add({ name, left, right: `softmax ${shown(softmax.get(first))}`, ratios: [ratio(first)], of: "time" });
}

/**
 * A row of the most that a length twice as long costs, of all such costs.
 * @param {import("../bench.mjs").Bench} bench
 * @param {string} attention
 * @param {ByLength} found
 * @param {"time" | "memory"} of
 */
function growth(bench, attention, found, of) {
  const cost = of === "time" ? (one) => one.times : (one) => [one.peak];
  const steps = [...found]
    .filter(([T]) => T >= GROWS_FROM && found.has(2 * T))
    .map(([T, one]) => ({ T, by: ratios(cost(found.get(2 * T)), cost(one)) }));
  if (steps.length === 0) return;
  const worst = steps.reduce((most, step) => (median(step.by) > median(most.by) ? step : most));
  const left = steps.map(({ by }) => median(by).toFixed(2)).join(" ");
  const name = `${attention} ${of}, twice the tokens`;
  const right = `from T=${GROWS_FROM} on; most T=${2 * worst.T}`;
  bench.add({ name, left, right, ratios: worst.by, wanted: { most: GROWTH }, of });
}

/**
 * @param {import("../bench.mjs").Bench} bench
 * @param {{ [attention: string]: ByLength }} all
 */
function charts(bench, all) {
  const lines = (value) => Object.entries(all).map(([name, found]) => ({ name, points: points(found, value) }));
  const title = (what) => `${what} of attention, forward + backward, H=${SIZES.H} D=${SIZES.D}`;
  bench.charts.push(
    { title: title("Time"), x: "tokens", y: "ms", lines: lines(({ times }) => median(times)) },
    { title: title("Memory"), x: "tokens", y: "MiB", lines: lines(({ peak }) => peak / MIB) },
  );
}

/**
 * @param {ByLength} found
 * @param {(found: Found) => number} value
 */
const points = (found, value) => [...found].map(([T, one]) => /** @type {[number, number]} */ ([T, value(one)]));

/**
 * The op of linear attention, beside a product's rate.
 * @param {import("../bench.mjs").Bench} bench
 */
async function kernels(bench) {
  const sizes = { T: 4096, M: 64, ...SIZES };
  for (const causal of [false, true]) {
    await bench.pair({
      name: `linear attention T=4096 M=D=64 H=4 ${causal ? "causal" : "bidirectional"}, forward + backward`,
      left: { peer: "ours", work: "linearAttention", options: { ...sizes, causal } },
      right: { peer: "ours", work: "matmul", options: { M: 1024, K: 1024, N: 1024, transposeB: true } },
      title: "product 1024³",
      wanted: { least: 1 / 1.5 },
      of: "speed",
    });
  }
}

/**
 * Two training steps with dropout and AdamW over the longest length, in an engine that may use no more than a GiB.
 * @param {import("../bench.mjs").Bench} bench
 * @param {(typeof TRAINED)[number]} trained
 */
async function training(bench, { model, title, attention }) {
  const T = LENGTHS[LENGTHS.length - 1];
  const config = { ...configs[model], max_position_embeddings: T, roformer_js: { attention } };
  const limit = 1024 * MIB;
  const side = { peer: "ours", work: "longStep", options: { config, T, recompute: true }, maxMemory: limit };
  const measure = async () => (await ask(side, bench.conditions)).peak;
  const name = `memory training ${title} (1,${T}) ${attention}`;
  await limited(bench, name, side, measure, { title: "limit", limit, wanted: { most: 1 } });
}
