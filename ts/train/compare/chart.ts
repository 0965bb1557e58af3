import { scaleLinear } from "d3-scale";
import { area, line } from "d3-shape";
import { meanOf } from "../../metrics/moments.js";
import type { ComparedRun } from "./run.js";
import type { Comparison } from "./summary.js";

/** A point of a mean curve, and how far the runs scatter around it. */
interface Point {
  readonly step: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** The mean curve of an alternative. */
interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  readonly color: string;
  /** Dashes and gaps, where colors repeat. */
  readonly dash: string;
}

/** Pixels. */
const [WIDTH, PLOT, LINE] = [760, 360, 20];
const MARGIN = { top: 40, right: 24, bottom: 48, left: 72 };

/** Okabe and Ito's colors, which people with any color vision tell apart; without yellow, which is too pale for a line. */
const COLORS = ["#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000"];
const DASHES = ["none", "6 3", "2 3"];

/** The metric on validation data by step as SVG: a line for the mean of each alternative's runs, a band for a standard deviation. */
export function chartOf({ metric, alternatives, runs }: Comparison): string {
  const all = alternatives.map(({ name }, i): Series => {
    const own = runs.filter((run) => run.alternative === name);
    const dash = DASHES[Math.floor(i / COLORS.length) % DASHES.length]!;
    return { name, points: meanCurve(own, metric), color: COLORS[i % COLORS.length]!, dash };
  });
  const points = all.flatMap((series) => series.points);
  const height = MARGIN.top + PLOT + MARGIN.bottom + LINE * all.length;
  const title = `${metric} on validation data, by step`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="white"/>`,
    text(title, { x: MARGIN.left, y: MARGIN.top - 16, size: 14 }),
    ...(points.length === 0 ? [text("no evaluations", { x: MARGIN.left, y: MARGIN.top + 20 })] : plot(all, points)),
    ...all.flatMap(({ name, color, dash }, i) => {
      const y = MARGIN.top + PLOT + MARGIN.bottom + LINE * i;
      const stroke = `stroke="${color}" stroke-width="2" stroke-dasharray="${dash}"`;
      return [
        `<line x1="${MARGIN.left}" x2="${MARGIN.left + 24}" y1="${y - 4}" y2="${y - 4}" ${stroke}/>`,
        text(name, { x: MARGIN.left + 32, y }),
      ];
    }),
    "</svg>\n",
  ].join("\n");
}

/** Means over runs at their first, second … evaluation, as far as all runs have one. */
function meanCurve(runs: readonly ComparedRun[], metric: string): Point[] {
  const curves = runs.map(({ curve }) => curve.filter(({ metrics }) => Number.isFinite(metrics[metric])));
  const length = Math.min(...curves.map((curve) => curve.length));
  return Array.from({ length }, (_, i) => {
    const { mean, deviation = 0 } = meanOf(curves.map((curve) => curve[i]!.metrics[metric]!));
    const step = meanOf(curves.map((curve) => curve[i]!.step)).mean;
    return { step, mean, low: mean - deviation, high: mean + deviation };
  });
}

/** Axes, bands and lines. */
function plot(all: readonly Series[], points: readonly Point[]): string[] {
  const [right, bottom] = [WIDTH - MARGIN.right, MARGIN.top + PLOT];
  const x = scaleLinear()
    .domain([0, Math.max(...points.map(({ step }) => step))])
    .range([MARGIN.left, right]);
  const y = scaleLinear()
    .domain([Math.min(...points.map(({ low }) => low)), Math.max(...points.map(({ high }) => high))])
    .nice()
    .range([bottom, MARGIN.top]);
  const band = area<Point>(
    ({ step }) => x(step),
    ({ low }) => y(low),
    ({ high }) => y(high),
  );
  const curve = line<Point>(
    ({ step }) => x(step),
    ({ mean }) => y(mean),
  );
  const [showX, showY] = [x.tickFormat(8), y.tickFormat(6)];
  const grid = y
    .ticks(6)
    .flatMap((tick) => [
      `<line x1="${MARGIN.left}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}" stroke="#ddd"/>`,
      text(showY(tick), { x: MARGIN.left - 8, y: y(tick) + 4, anchor: "end" }),
    ]);
  const steps = x.ticks(8).map((tick) => text(showX(tick), { x: x(tick), y: bottom + 18, anchor: "middle" }));
  const scattered = all.filter((series) => series.points.some(({ low, high }) => low < high));
  return [
    ...grid,
    `<line x1="${MARGIN.left}" x2="${right}" y1="${bottom}" y2="${bottom}" stroke="#888"/>`,
    ...steps,
    ...scattered.map(({ points, color }) => `<path d="${band(points)}" fill="${color}" fill-opacity="0.15"/>`),
    ...all.flatMap(({ points, color, dash }) => [
      `<path d="${curve(points)}" fill="none" stroke="${color}" stroke-width="2" stroke-dasharray="${dash}"/>`,
      ...points.map(({ step, mean }) => `<circle cx="${x(step)}" cy="${y(mean)}" r="2.5" fill="${color}"/>`),
    ]),
  ];
}

interface TextPlace {
  readonly x: number;
  readonly y: number;
  readonly anchor?: "start" | "middle" | "end";
  readonly size?: number;
}

const text = (content: string, { x, y, anchor = "start", size = 12 }: TextPlace): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}">${escaped(content)}</text>`;

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as XML holds it: without what XML cannot hold. */
const escaped = (content: string): string =>
  content.replace(/[^\P{Cc}\t\n\r]|\p{Cs}|[\ufffe\uffff]/gu, "").replace(/[&<>"]/g, (one) => ESCAPES[one]!);
