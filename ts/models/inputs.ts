import { ShapeError } from "../errors.js";
import type { Targets } from "../nn/heads/index.js";
import type { Packed } from "../nn/packed.js";
import { IGNORED } from "../ops/losses.js";
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
  const { inputIds, attentionMask, tokenTypeIds, positionIds } = inputs;
  const [B, T] = [inputIds.length, inputIds[0]?.length ?? 0];
  for (const name of ["inputIds", "attentionMask", "tokenTypeIds", "positionIds"] as const) {
    const rows = inputs[name];
    if (rows) checkShape(name, rows, B, T);
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

function checkShape(name: string, rows: readonly (readonly number[])[], B: number, T: number): void {
  if (rows.length !== B) throw new ShapeError(name, rows.length, `B = ${B} rows`);
  for (const [b, row] of rows.entries()) {
    if (row.length !== T) throw new ShapeError(`${name}: length of row ${b}`, row.length, `T = ${T}`);
    const wrong = row.findIndex((value) => !Number.isInteger(value) || value < 0);
    if (wrong >= 0) throw new ShapeError(`${name}[${b}][${wrong}]`, row[wrong], "a whole number ≥ 0");
  }
}

/** Labels as the head wants them: by packed token, or by sequence. */
export function packLabels(
  labels: NonNullable<ModelInputs["labels"]>,
  layout: Layout,
  by: "tokens" | "sequences" | "none",
): Targets {
  if (by !== "tokens") return { sequences: labels };
  const { B, T, cells } = layout;
  const rows = labels as readonly (readonly number[])[];
  const wrong = rows.length !== B ? -1 : rows.findIndex((row) => row?.length !== T);
  if (rows.length !== B || wrong >= 0) {
    throw new ShapeError(
      "labels",
      rows[wrong]?.length ?? rows.length,
      `[B][T] = [${B}][${T}], ${IGNORED} where ignored`,
    );
  }
  return { tokens: Int32Array.from(cells, (cell) => rows[Math.floor(cell / T)]![cell % T]!) };
}

/** Rows of packed tokens, `[N, …rest]`, back at their places in `[B, T, …rest]`; 0 at padding. */
export function unpackRows(data: Float32Array, width: number, { B, T, cells }: Layout): TensorData {
  const padded = new Float32Array(B * T * width);
  for (const [row, cell] of cells.entries()) padded.set(data.subarray(row * width, (row + 1) * width), cell * width);
  return { data: padded, shape: [B, T, width] };
}
