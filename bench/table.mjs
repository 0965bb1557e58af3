// Rows and how they are shown.
import { median, summary } from "./statistics.mjs";

/**
 * One comparison.
 * @typedef {object} Row
 * @property {string} name
 * @property {string} left what this package did
 * @property {string} right what it is held against
 * @property {number[]} ratios this / the other, by turn
 * @property {{ least?: number, most?: number }} [wanted]
 * @property {string} of what the ratio is one of: "speed", "time", "memory", "share"
 */

/** @typedef {{ name: string, problem: string, failed: boolean }} Gap a row that could not be had, and why */

const HEAD = ["", "this", "against", "ratio of", "ratio", "quartiles", "n", "wanted", ""];

/** @param {number} ms */
export function duration(ms) {
  if (ms < 1) return `${(ms * 1000).toPrecision(3)} µs`;
  return ms < 1000 ? `${ms.toPrecision(3)} ms` : `${(ms / 1000).toPrecision(3)} s`;
}

/** @param {number} count */
export const bytes = (count) => `${(count / 2 ** 20).toFixed(count < 2 ** 20 ? 2 : 0)} MiB`;

/** @param {number} flops a millisecond */
export const rate = (flops) => `${(flops / 1e6).toFixed(1)} GFLOP/s`;

/** @param {number} value */
const short = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** @param {Row} row */
function cells({ name, left, right, ratios, wanted, of }) {
  const { median: middle, low, high, samples } = summary(ratios);
  const bar = wanted?.least !== undefined ? `≥ ${short(wanted.least)}` : wanted ? `≤ ${short(wanted.most ?? 0)}` : "";
  const met = wanted ? (meets(ratios, wanted) ? "yes" : "NO") : "";
  return [name, left, right, of, short(middle), `${short(low)}–${short(high)}`, String(samples), bar, met];
}

/**
 * Whether the median is where it should be.
 * @param {number[]} ratios
 * @param {NonNullable<Row["wanted"]>} wanted
 */
const meets = (ratios, { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY }) =>
  median(ratios) >= least && median(ratios) <= most;

/**
 * The table as text.
 * @param {readonly (Row | Gap)[]} rows
 */
export function table(rows) {
  const lines = rows.map((row) => ("ratios" in row ? cells(row) : [row.name]));
  const widths = HEAD.map((head, i) =>
    Math.max(head.length, ...lines.map((line) => (line.length > 1 || i === 0 ? line[i].length : 0))),
  );
  const text = (line) =>
    line.map((cell, i) => (i > 3 && i < 7 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join("  ");
  const shown = rows.map((row, i) =>
    "ratios" in row ? text(lines[i]) : `${row.name.padEnd(widths[0])}  ${problem(row)}`,
  );
  return [text(HEAD), "-".repeat(text(HEAD).length), ...shown].map((line) => line.trimEnd()).join("\n");
}

/** @param {Gap} gap */
const problem = (gap) => `${gap.failed ? "FAILED" : "skipped"}: ${gap.problem}`;

/**
 * A row in one line, as it is found.
 * @param {Row | Gap} row
 */
export const line = (row) =>
  "ratios" in row
    ? `${row.name}: ${row.left} against ${row.right}, ${row.of} ${short(median(row.ratios))}`
    : `${row.name}: ${problem(row)}`;

/**
 * A row as it stands in a file.
 * @param {Row | Gap} row
 */
export const record = (row) => ("ratios" in row ? { ...row, ...summary(row.ratios) } : row);
