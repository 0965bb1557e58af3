// What a case is given: ways to compare, each of which ends in rows of the table.
import { alternate, alternateFresh, ask, ratios } from "./compare.mjs";
import { modelFolder } from "./folders.mjs";
import { peers } from "./peers/index.mjs";
import { median } from "./statistics.mjs";
import { bytes, duration, line, rate } from "./table.mjs";
import { Unavailable } from "./unavailable.mjs";

/**
 * @typedef {import("./compare.mjs").Side} Side
 * @typedef {import("./compare.mjs").Conditions} Conditions
 * @typedef {import("./table.mjs").Row} Row
 * @typedef {import("./table.mjs").Gap} Gap
 */

/**
 * A comparison of two sides.
 * @typedef {object} Comparison
 * @property {string} name
 * @property {Side} left ours
 * @property {Side} right
 * @property {string} [title] what the table calls the right side, if not by its peer
 * @property {Row["wanted"]} [wanted]
 * @property {number} [tolerance] by how much the sides' results may differ
 * @property {"speed" | "time" | "memory"} of speed: amount a time, so that more is better; the others: less is
 */

export class Bench {
  /** @type {(Row | Gap)[]} */
  rows = [];
  /** What `--plot` draws. @type {import("./plot.mjs").Chart[]} */
  charts = [];
  /** @type {Conditions & { quick: boolean }} */
  conditions;
  #base;
  #only;
  /** Left sides that were held against the other commit already. */
  #done = new Set();

  /**
   * @param {Conditions & { quick: boolean }} conditions
   * @param {{ base?: { title: string, dist: string }, only?: string }} options `base`: the package that takes every peer's place
   */
  constructor(conditions, { base, only = "" } = {}) {
    this.conditions = conditions;
    this.#base = base;
    this.#only = only;
  }

  /** Steady work, timed in turn. @param {Comparison} comparison */
  pair(comparison) {
    return this.#compare(comparison, async ({ left, right, of, tolerance }) => {
      const { times, amounts } = await alternate(left, right, this.conditions, tolerance);
      const rates = times.map((list, i) => list.map((ms) => amounts[i] / ms));
      const [mine, theirs] = amounts.map((amount, i) =>
        amount > 1 ? rate(median(rates[i])) : duration(median(times[i])),
      );
      return { mine, theirs, ratios: of === "speed" ? ratios(rates[0], rates[1]) : ratios(times[0], times[1]) };
    });
  }

  /** Processes that start, work once and end, in turn. @param {Comparison} comparison */
  fresh(comparison) {
    return this.#compare(comparison, async ({ left, right, of }) => {
      const found = await alternateFresh(left, right, this.conditions);
      const figures = found.map((list) => list.map(({ ms, bytes }) => (of === "memory" ? bytes : ms)));
      const [mine, theirs] = figures.map((list) => (of === "memory" ? bytes : duration)(median(list)));
      return { mine, theirs, ratios: ratios(figures[0], figures[1]) };
    });
  }

  /**
   * Rows made of what a work of ours measures itself.
   * @param {string} name
   * @param {Side} side
   * @param {(figures: any) => Row[]} rowsOf
   */
  measured(name, side, rowsOf) {
    return this.attempt(name, side, async () => {
      for (const row of rowsOf(await ask(side, this.conditions))) this.add(row);
      if (!this.#base) return;
      const old = { ...side, dist: this.#base.dist };
      for (const row of rowsOf(await ask(old, this.conditions)))
        this.add({ ...row, name: `${row.name} (${this.#base.title})` });
    });
  }

  /**
   * The folder of a model that both sides read, with its graphs if a runtime of graphs is to read them.
   * @param {keyof typeof import("./models.mjs").configs} name
   * @param {string[]} [graphs]
   */
  async model(name, graphs = ["model.onnx"]) {
    const folder = modelFolder(name);
    const wanted = this.#base || peers.onnxruntimeWeb.missing(this.conditions) ? [] : graphs;
    const side = { peer: "ours", work: "fixture", options: { name, folder, graphs: wanted }, threads: 1 };
    return ask(side, this.conditions);
  }

  /** @param {Row | Gap} row */
  add(row) {
    this.rows.push(row);
    console.error(`  ${line(row)}`);
  }

  /**
   * @param {string} name
   * @param {string} problem
   */
  skip(name, problem) {
    this.add({ name, problem, failed: false });
  }

  /**
   * @param {Comparison} asked
   * @param {(comparison: Comparison) => Promise<{ mine: string, theirs: string, ratios: number[] }>} measure
   */
  async #compare(asked, measure) {
    // Two commits are compared in what this checkout does, whatever it is held against otherwise.
    const old = this.#base && { right: { ...asked.left, dist: this.#base.dist }, wanted: undefined };
    const comparison = { ...asked, ...old };
    const { name, right, wanted, of } = comparison;
    const mark = JSON.stringify(asked.left);
    if (this.#base && this.#done.has(mark)) return;
    this.#done.add(mark);
    await this.attempt(name, right, async () => {
      const { mine, theirs, ratios } = await measure(comparison);
      const title = this.#base?.title ?? comparison.title ?? peers[right.peer].title;
      this.add({ name, left: mine, right: `${title} ${theirs}`, ratios, wanted, of });
    });
  }

  /**
   * Runs `body`; what goes wrong becomes a row: a peer's failure is a gap, ours is a failure.
   * @param {string} name
   * @param {Side} side the one that may be missing
   * @param {() => Promise<void>} body
   */
  async attempt(name, { peer, threads = this.conditions.threads }, body) {
    if (![name, peer, peers[peer].title].some((text) => text.includes(this.#only))) return;
    if (this.#base && peer !== "ours") return; // two commits are compared, and nobody else
    const missing = peers[peer].missing({ ...this.conditions, threads });
    if (missing) return this.skip(name, `${peers[peer].title}: ${missing}`);
    try {
      await body();
    } catch (error) {
      const problem = /** @type {Error} */ (error).message;
      const theirs = peer !== "ours" && problem.startsWith(peers[peer].title);
      const failed = !(error instanceof Unavailable) && !theirs;
      this.add({ name, problem, failed });
    }
  }
}
