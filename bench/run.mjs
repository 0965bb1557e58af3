// Measures this package beside others, or beside itself at another commit: `node bench/run.mjs --help` says more.
import { existsSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Bench } from "./bench.mjs";
import { cases } from "./cases/index.mjs";
import { packageAt, Stop } from "./commits.mjs";
import { DIST } from "./folders.mjs";
import { installPeers } from "./install.mjs";
import { described, load, machine } from "./machine.mjs";
import { drawing } from "./plot.mjs";
import { writeSnapshots } from "./snapshots.mjs";
import { record, table } from "./table.mjs";

const USAGE = `npm run bench -- [NAME ...] [options]

Runs the cases that are called NAME, or else whose names hold it (all without any), each side in a process of its own and in
turn, and prints one table of ratios, this / the other. "speed": more is better; "time", "memory", "share": less is. A ratio
is the median of the turns', beside it their quartiles. "snapshots" as NAME writes bench/snapshots/ instead.

  --base COMMIT   against this package at COMMIT instead of the peers: builds it first
  --only TEXT     only rows whose name, or whose peer's, holds TEXT
  --threads N     threads on either side (1)
  --node PATH     the Node that runs both sides (this one)
  --quick         fewer turns, rougher figures
  --no-peers      installs nothing; rows of peers that are not there are skipped
  --json FILE     the rows with all their ratios, as JSON
  --plot FILE     the curves of cases that have some (longSequences), as SVG
  --list          prints the cases
  --help          prints this`;

const OPTIONS = /** @type {const} */ ({
  base: { type: "string" },
  only: { type: "string" },
  threads: { type: "string", default: "1" },
  node: { type: "string", default: process.execPath },
  quick: { type: "boolean", default: false },
  "no-peers": { type: "boolean", default: false },
  json: { type: "string" },
  plot: { type: "string" },
  list: { type: "boolean" },
  help: { type: "boolean", short: "h" },
});

/** @param {string} text */
function threadsOf(text) {
  if (/^[1-9][0-9]?$/.test(text)) return Number(text);
  throw new Stop(`--threads is ${text}, not a number from 1 to 99`);
}

/** @param {readonly string[]} names */
function chosen(names) {
  if (names.length === 0) return cases;
  const found = names.flatMap((name) => {
    const exact = cases.filter((one) => one.name === name);
    const matching = exact.length > 0 ? exact : cases.filter((one) => one.name.includes(name));
    if (matching.length > 0) return matching;
    throw new Stop(`no case is called ${name}; there are ${cases.map((one) => one.name).join(", ")}`);
  });
  return cases.filter((one) => found.includes(one));
}

/** What would be found out after everything has been measured. */
function check({ node, ...files }) {
  if (!existsSync(DIST)) throw new Stop("there is no dist to measure: npm run build");
  if (!existsSync(node)) throw new Stop(`--node: there is no ${node}`);
  for (const name of ["json", "plot"]) {
    const folder = files[name] && dirname(resolve(files[name]));
    if (folder && !existsSync(folder)) throw new Stop(`--${name}: there is no folder ${folder}`);
  }
}

async function measure(values, names) {
  const { quick, node, json, plot } = values;
  const threads = threadsOf(values.threads);
  const selected = chosen(names);
  check(values);
  const base = values.base === undefined ? undefined : packageAt(values.base);
  const needed = plot || (!base && selected.some(({ peers }) => peers.length > 0));
  if (needed && !values["no-peers"]) installPeers();
  const draw = plot ? await drawing() : undefined;
  const rate = { pairs: quick ? 5 : 15, sliceMs: quick ? 40 : 60 };
  const conditions = { threads, node: resolve(node), dist: DIST, quick, ...rate };
  const bench = new Bench(conditions, { base, only: values.only });
  const found = await machine(conditions);
  const head = described(found, threads);
  console.error(head);
  const report = () => {
    console.log(`\n${head} at the start, ${load()} at the end\n\n${table(bench.rows)}`);
    const all = { machine: found, threads, base: base?.title, rows: bench.rows.map(record), charts: bench.charts };
    if (json) writeFileSync(json, `${JSON.stringify(all, undefined, 2)}\n`);
    if (plot && draw) writeFileSync(plot, draw(bench.charts));
  };
  reportIfStopped(report);
  for (const one of selected) {
    console.error(`> ${one.name}: ${one.about}`);
    await one.run(bench).catch((error) => bench.add({ name: one.name, problem: error.message, failed: true }));
  }
  report();
  return bench.rows.some((row) => "failed" in row && row.failed) ? 1 : 0;
}

/** What took minutes to measure is shown even if the rest is not waited for. @param {() => void} report */
function reportIfStopped(report) {
  const stop = (/** @type {string} */ signal, /** @type {number} */ number) => {
    report();
    console.log(`\nstopped by ${signal}: the rows after these were not measured`);
    process.exit(128 + number);
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
}

async function main() {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  if (values.help) console.log(USAGE);
  else if (values.list) console.log(cases.map(({ name, about }) => `${name.padEnd(14)} ${about}`).join("\n"));
  else if (positionals.join() === "snapshots") await writeSnapshots();
  else return measure(values, positionals);
  return 0;
}

try {
  process.exitCode = await main();
} catch (caught) {
  const error = /** @type {Error & { code?: string }} */ (caught);
  const plain = error instanceof Stop || String(error.code).startsWith("ERR_PARSE_ARGS");
  console.error(plain ? error.message : error);
  process.exitCode = plain ? 2 : 1;
}
