import type { Comparison } from "./summary.js";
import { notesOf, tableOf } from "./table.js";

/** A comparison as a page: the table of its alternatives, its curves, its runs. */
export function markdownOf(comparison: Comparison): string {
  const { metric, runs } = comparison;
  const value = (number: unknown) => (typeof number === "number" ? number.toFixed(4) : "–");
  const runRows = runs.map(({ name, metrics, validation }) => [
    ...[name, value(metrics[metric]), value(validation[metric])],
    ...[String(metrics.steps), value(metrics.seconds)],
  ]);
  return [
    "# Comparison",
    "",
    ...table(tableOf(comparison)),
    "",
    ...notesOf(comparison).map((line) => `- ${escaped(line)}`),
    "",
    `![${escaped(metric)} on validation data, by step](comparison.svg)`,
    "",
    "## Runs",
    "",
    ...table([["run", metric, `${metric}, validation`, "steps", "seconds"], ...runRows]),
    "",
  ].join("\n");
}

function table([head, ...rows]: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(" | ")} |`;
  return [line(head!), `| ${head!.map((_, i) => (i === 0 ? "---" : "--:")).join(" | ")} |`, ...rows.map(line)];
}

/** Text that Markdown shows as it is. */
const escaped = (text: string): string => text.replace(/[\\|*_`<>[\]]/g, "\\$&");
