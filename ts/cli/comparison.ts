import { compare } from "../train/compare/compare.js";
import type { CompareOptions } from "../train/compare/options.js";
import type { Comparison } from "../train/compare/summary.js";
import { notesOf, tableOf } from "../train/compare/table.js";
import { duration } from "../train/inWords.js";
import type { Call } from "./command.js";
import { fieldFlag } from "./option.js";
import { tableLines } from "./report.js";
import { trainingProgress } from "./trainingProgress.js";

/** Makes the runs of a comparison, and shows how they compare. */
export async function runComparison(call: Call, options: CompareOptions): Promise<void> {
  const { out, signal } = call;
  const show = trainingProgress(call);
  const started = performance.now();
  const comparison = await compare({
    ...options,
    signal,
    onRun: ({ name, index, of, isFinished }) =>
      show.message(`run ${index} of ${of}: ${name}${isFinished ? ", finished before" : ""}`),
    onMessage: show.message,
    onProgress: show.step,
  }).finally(show.end);
  await out.result(comparison, [
    ...tableLines(tableOf(comparison)).map((line) => line.trimEnd()),
    ...notesOf(comparison),
    ...againLines(comparison),
    `${comparison.runs.length} runs in ${duration((performance.now() - started) / 1000)}`,
    `saved in ${options.out}: comparison.json, comparison.md, comparison.svg, and each run in runs`,
  ]);
}

/** How the best settings of a search are trained again. */
const againLines = ({ best = [] }: Comparison): string[] =>
  best.map(({ settings }) => `To train it again: the same command with ${flagsOf(settings)} instead of --search.`);

const flagsOf = (settings: Readonly<Record<string, unknown>>): string =>
  Object.entries(settings)
    .map(([name, value]) => {
      if (value === true) return fieldFlag(name);
      if (value === false) return `--no-${fieldFlag(name).slice(2)}`;
      return `${fieldFlag(name)} ${Array.isArray(value) ? value.join(",") : value}`;
    })
    .join(" ");
