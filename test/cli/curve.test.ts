import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { Curve } from "../../ts/cli/curve.js";

/** Text without colors. */
const plain = (lines: readonly string[]) => lines.map((line) => stripVTControlCharacters(line));

/** The chart's row (0 is the highest loss) in which a column has a mark. */
function rowAt(lines: readonly string[], column: number): number {
  return lines.slice(1).findIndex((line) => !/[ ]/.test(line[column] ?? " "));
}

it("draws the training loss from its first to its last value, and falls where that falls", () => {
  const curve = new Curve();
  for (let i = 0; i < 1000; i++) curve.step({ loss: 2 - i / 500 });
  const lines = plain(curve.lines(80));
  expect(lines[0]).toBe("training loss, step 1 to 1000");
  const first = lines[1]!.indexOf("┤") >= 0 ? lines[1]!.indexOf("┤") : lines[1]!.indexOf("┼");
  const width = Math.max(...lines.slice(1).map((line) => line.trimEnd().length));
  expect(width).toBeLessThanOrEqual(80);
  const rows = [first + 1, Math.floor((first + width) / 2), width - 1].map((column) => rowAt(lines, column));
  expect(rows[0]).toBeLessThan(rows[1]!);
  expect(rows[1]).toBeLessThan(rows[2]!);
  expect(lines[1]).toMatch(/^ *1\.9\d ?[┤┼]/);
  expect(lines.at(-1)).toMatch(/^ *0\.0\d+ ?[┤┼]/);
});

it("draws the validation loss beside it, level before the first evaluation and after the last", () => {
  const curve = new Curve();
  for (let i = 0; i < 100; i++) curve.step({ loss: 1 });
  for (const [step, loss] of [
    [50, 3],
    [75, 2],
  ] as const)
    curve.evaluation({ step, metrics: { loss } });
  const lines = plain(curve.lines(120));
  expect(lines[0]).toBe("training loss, validation loss, step 1 to 100");
  const top = lines[1]!;
  expect(top.trimStart()).toMatch(/^3\.00 ?┼─{40,55}╮/);
  const other = lines.slice(1).filter((line) => line.includes("──────────"));
  expect(other.map((line) => line.trim().split(" ")[0])).toEqual(["3.00", "2.00", "1.00"]);
});

it("draws losses that do not change, fit into any terminal, and nothing for one step", () => {
  const curve = new Curve();
  curve.step({ loss: 1 });
  expect(curve.lines(80)).toEqual([]);
  curve.step({ loss: 1 });
  curve.evaluation({ step: 2, metrics: { loss: Number.NaN } });
  curve.evaluation({ step: 2, metrics: { f1: 1 } });
  expect(plain(curve.lines(0))).toHaveLength(2);
});
