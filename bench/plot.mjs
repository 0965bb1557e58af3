// Curves as SVG.
import { Stop } from "./commits.mjs";
import { notInstalled } from "./peers/installed.mjs";

/**
 * Curves over the same axes, both of which are logarithmic.
 * @typedef {object} Chart
 * @property {string} title
 * @property {string} x what the axis shows
 * @property {string} y
 * @property {{ name: string, points: [number, number][] }[]} lines
 */

const WIDTH = 800;
const HEIGHT = 440;
const MARGIN = { left: 80, right: 160, top: 50, bottom: 60 };

/** Paul Tol's bright colours, which the colour-blind tell apart. */
const COLOURS = ["#222222", "#4477aa", "#66ccee", "#228833", "#ee6677", "#aa3377", "#ccbb44"];

/** What makes a text of SVG of charts; a `Stop` where the library is missing. */
export async function drawing() {
  const missing = notInstalled("echarts");
  if (missing) throw new Stop(`--plot: ${missing}; without --no-peers it will be`);
  const { init } = await import("echarts");
  return (/** @type {readonly Chart[]} */ charts) => {
    const size = { width: WIDTH, height: HEIGHT * Math.max(1, charts.length) };
    const chart = init(undefined, undefined, { renderer: "svg", ssr: true, ...size });
    chart.setOption(optionsOf(charts));
    const svg = chart.renderToSVGString();
    chart.dispose(); // its timers would keep the process
    return svg;
  };
}

/**
 * The charts below each other.
 * @param {readonly Chart[]} charts
 */
const optionsOf = (charts) => ({
  animation: false,
  backgroundColor: "#ffffff",
  color: COLOURS,
  title: charts.map(({ title }, i) => ({
    text: title,
    left: "center",
    top: i * HEIGHT + 10,
    textStyle: { fontSize: 15 },
  })),
  grid: charts.map((_, i) => ({
    left: MARGIN.left,
    right: MARGIN.right,
    top: i * HEIGHT + MARGIN.top,
    height: HEIGHT - MARGIN.top - MARGIN.bottom,
  })),
  xAxis: charts.map(({ x }, i) => ({ ...axis(x, 35), gridIndex: i, logBase: 2, min: "dataMin" })),
  yAxis: charts.map(({ y }, i) => ({ ...axis(y, 50), gridIndex: i, logBase: 10 })),
  series: charts.flatMap(({ lines }, i) => lines.map((line) => ({ ...curve(line), xAxisIndex: i, yAxisIndex: i }))),
});

/**
 * @param {string} name
 * @param {number} nameGap pixels
 */
const axis = (name, nameGap) => ({
  type: /** @type {const} */ ("log"),
  name,
  nameGap,
  nameLocation: /** @type {const} */ ("middle"),
});

/** @param {Chart["lines"][number]} line */
const curve = ({ name, points }) => ({
  type: /** @type {const} */ ("line"),
  name,
  data: points,
  symbolSize: 5,
  endLabel: { show: true, formatter: "{a}", color: "inherit" },
  labelLayout: { moveOverlap: /** @type {const} */ ("shiftY") },
});
