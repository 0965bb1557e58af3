import { ShapeError } from "../errors.js";
import type { Targets } from "../nn/heads/index.js";
import type { Packed } from "../nn/packed.js";
import { IGNORED } from "../ops/crossEntropy.js";
import type { TensorData } from "../tensor/tensor.js";

/** A padded batch, by Hugging Face's names in camelCase; every array is `[B][T]`. All but the first are optional. */
export interface ModelInputs {
  readonly inputIds: readonly (readonly number[])[];
  /** 1: a token; 0: padding, which is never computed. Without it all count. */
  readonly attentionMask?: readonly (readonly number[])[];
  readonly tokenTypeIds?: readonly (readonly number[])[];
  /** Where tokens stand; without it, their columns. */
  readonly positionIds?: readonly (readonly number[])[];
  /** A label a sequence or a token (−100 is ignored), or several a sequence: as the head wants. */
  readonly labels?: readonly number[] | readonly (readonly number[])[];
}

/** Where the packed tokens came from, so that results can go back to the padded shape. */
export interface Layout {
  readonly B: number;
  readonly T: number;
  /** b · T + t of each packed token, `[N]`. */
  readonly cells: Int32Array;
}

/** Leaves padding out. */
export function packInputs(inputs: ModelInputs): { packed: Packed; layout: Layout } {
  const { inputIds, attentionMask, tokenTypeIds, positionIds } = inputs ?? {};
  const [B, T] = [inputIds?.length ?? 0, inputIds?.[0]?.length ?? 0];
  checkNumbers("inputIds", inputIds, B, T);
  for (const [name, rows] of Object.entries({ attentionMask, tokenTypeIds, positionIds })) {
    if (rows) checkNumbers(name, rows, B, T);
  }
  const cells: number[] = [];
  const offsets = new Int32Array(B + 1);
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) if (!attentionMask || attentionMask[b]![t] !== 0) cells.push(b * T + t);
    offsets[b + 1] = cells.length;
  }
  const at = (rows: readonly (readonly number[])[]) =>
    Int32Array.from(cells, (cell) => rows[Math.floor(cell / T)]![cell % T]!);
  const packed = {
    tokens: at(inputIds),
    offsets,
    positions: positionIds ? at(positionIds) : Int32Array.from(cells, (cell) => cell % T),
    types: tokenTypeIds ? at(tokenTypeIds) : new Int32Array(cells.length),
  };
  return { packed, layout: { B, T, cells: Int32Array.from(cells) } };
}

/** The largest number that the kernels' integers hold: a larger one would become another number. */
const LARGEST = 2 ** 31 - 1;

/** Holds what a caller gave, of whatever type, against `[B][T]` whole numbers from `least` on. */
function checkNumbers(name: string, rows: unknown, B: number, T: number, least = 0): void {
  if (!isList(rows) || (rows.length > 0 && !isList(rows[0])))
    throw new ShapeError(name, isList(rows) ? "a flat list" : kind(rows), "[B][T], a list of numbers a sequence");
  if (rows.length !== B) throw new ShapeError(name, rows.length, `B = ${B} rows`);
  for (let b = 0; b < B; b++) {
    const row = rows[b];
    if (!isList(row)) throw new ShapeError(`${name}[${b}]`, kind(row), "a list of numbers");
    if (row.length !== T) throw new ShapeError(`${name}: length of row ${b}`, row.length, `T = ${T}`);
    for (let t = 0; t < T; t++) {
      const value = row[t] as number;
      if (!Number.isInteger(value) || value < least || value > LARGEST)
        throw new ShapeError(`${name}[${b}][${t}]`, kind(value), `a whole number from ${least} to ${LARGEST}`);
    }
  }
}

const isList = (value: unknown): value is ArrayLike<unknown> => Array.isArray(value) || ArrayBuffer.isView(value);

/** A value as messages show it. */
const kind = (value: unknown): string =>
  isList(value) ? "a list" : typeof value === "object" && value !== null ? "an object" : String(value);

/** Labels as the head wants them: by packed token, or by sequence. */
export function packLabels(
  labels: NonNullable<ModelInputs["labels"]>,
  layout: Layout,
  by: "tokens" | "sequences" | "none",
): Targets {
  if (by !== "tokens") return { sequences: checkedLabels(labels) };
  const { B, T, cells } = layout;
  const rows = labels as readonly (readonly number[])[];
  checkNumbers("labels", rows, B, T, IGNORED);
  return { tokens: Int32Array.from(cells, (cell) => rows[Math.floor(cell / T)]![cell % T]!) };
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

/** Rows of packed tokens, `[N, …rest]`, back at their places in `[B, T, …rest]`; 0 at padding. */
export function unpackRows(data: Float32Array, width: number, { B, T, cells }: Layout): TensorData {
  const padded = new Float32Array(B * T * width);
  for (const [row, cell] of cells.entries()) padded.set(data.subarray(row * width, (row + 1) * width), cell * width);
  return { data: padded, shape: [B, T, width] };
}
