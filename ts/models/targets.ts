import { ConfigError, ShapeError } from "../errors.js";
import type { HeadFactory, Targets } from "../nn/heads/index.js";
import { IGNORED } from "../ops/crossEntropy.js";
import { checkNumbers, isList, kind, type Layout, type ModelInputs } from "./inputs.js";

/** What a loss is taken against, as the head wants it; undefined if the inputs hold none of it. */
export function packTargets(inputs: ModelInputs, layout: Layout, by: HeadFactory["labels"]): Targets | undefined {
  if (by === "spans") return packSpans(inputs, layout);
  const { labels } = inputs;
  if (labels === undefined) return undefined;
  if (by !== "tokens") return { sequences: checkedLabels(labels) };
  const { B, T, cells } = layout;
  const rows = labels as readonly (readonly number[])[];
  checkNumbers("labels", rows, B, T, IGNORED);
  return { tokens: Int32Array.from(cells, (cell) => rows[Math.floor(cell / T)]![cell % T]!) };
}

/** Columns as numbers of tokens: those of padding, and beyond the row, are ignored. */
function packSpans({ startPositions, endPositions }: ModelInputs, { B, T, cells }: Layout): Targets | undefined {
  if (!startPositions && !endPositions) return undefined;
  if (!startPositions || !endPositions)
    throw new ConfigError("startPositions and endPositions go together, and one of them is missing");
  const places = new Map<number, number>();
  let [row, place] = [-1, 0];
  for (const cell of cells) {
    const b = Math.floor(cell / T);
    place = b === row ? place + 1 : 0;
    row = b;
    places.set(cell, place);
  }
  const tokens = (name: string, columns: readonly number[]) => {
    if (!isList(columns) || columns.length !== B)
      throw new ShapeError(
        name,
        isList(columns) ? columns.length : kind(columns),
        `a number for each of ${B} sequences`,
      );
    return Int32Array.from(columns, (column, b) => {
      if (!Number.isInteger(column)) throw new ShapeError(`${name}[${b}]`, kind(column), "a whole number");
      return (column < T ? places.get(b * T + Math.max(column, 0)) : undefined) ?? IGNORED;
    });
  };
  return { spans: { starts: tokens("startPositions", startPositions), ends: tokens("endPositions", endPositions) } };
}

/** Labels of sequences: numbers, or lists of numbers. How many, and which, is the head's business. */
function checkedLabels<T extends ModelInputs["labels"]>(labels: T): T {
  if (!isList(labels)) throw new ShapeError("labels", kind(labels), "a list, with a label a sequence");
  for (let b = 0; b < labels.length; b++) {
    const label = labels[b];
    const numbers = isList(label) ? Array.from(label) : [label];
    const wrong = numbers.findIndex((one) => !Number.isFinite(one));
    if (wrong >= 0) throw new ShapeError(`label of sequence ${b}`, kind(numbers[wrong]), "a number, or a list of them");
  }
  return labels;
}
