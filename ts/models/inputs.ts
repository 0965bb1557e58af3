import { ShapeError } from "../errors.js";
import type { Packed } from "../nn/packed.js";
import type { TensorData } from "../tensor/tensor.js";

/** A list of numbers a sequence, `[B][T]`; where sequences are choices, a list of such lists a question, `[B][choices][T]`. */
export type Rows = readonly (readonly number[])[] | readonly (readonly (readonly number[])[])[];

/** A padded batch of B sequences of T columns, by Hugging Face's names in camelCase. All but the first are optional. */
export interface ModelInputs {
  /** Ids, `[B][T]`, whole numbers below `vocab_size`; of multiple choice `[B][choices][T]`, as the next three are. */
  readonly inputIds: Rows;
  /** 1: a token; 0: padding, which is never computed. Without it all count. */
  readonly attentionMask?: Rows | undefined;
  /** Which segment a token is of, below `type_vocab_size`; without it, 0. */
  readonly tokenTypeIds?: Rows | undefined;
  /** Where tokens stand; without it, their columns. */
  readonly positionIds?: Rows | undefined;
  /** `[B]` a label a sequence or a question, or `[B][T]` one a token (−100 is ignored), or `[B][labels]`: as the head wants. */
  readonly labels?: readonly number[] | readonly (readonly number[])[] | undefined;
  /** Columns at which answers begin, `[B]`; a negative one counts as 0, one beyond the row is ignored. */
  readonly startPositions?: readonly number[] | undefined;
  /** Columns at which answers end, `[B]`, likewise. */
  readonly endPositions?: readonly number[] | undefined;
  /** What a decoder's cross-attention looks at: an encoder's last states, `[B, S, C]`. Needs `add_cross_attention`. */
  readonly encoderHiddenStates?: TensorData | undefined;
  /** `[B][S]`: 1 for a state that counts. Without it all do. */
  readonly encoderAttentionMask?: readonly (readonly number[])[] | undefined;
}

/** Where the packed tokens came from, so that results can go back to the padded shape. */
export interface Layout {
  /** Rows: sequences, choices included. */
  readonly B: number;
  readonly T: number;
  /** b · T + t of each packed token, `[N]`. */
  readonly cells: Int32Array;
}

/** Leaves padding out. `choices`: each question has several rows. */
export function packInputs(inputs: ModelInputs, choices = false): { packed: Packed; layout: Layout } {
  const { inputIds, attentionMask, tokenTypeIds, positionIds } = inputs ?? {};
  const perQuestion = choices ? questionRows(inputIds) : 1;
  const flat = (name: string, rows: Rows) =>
    choices ? flatRows(name, rows, perQuestion) : (rows as readonly (readonly number[])[]);
  const ids = flat("inputIds", inputIds);
  const [B, T] = [ids?.length ?? 0, ids?.[0]?.length ?? 0];
  const checked = (name: string, rows: Rows | undefined) => {
    const all = rows && flat(name, rows);
    if (all) checkNumbers(name, all, B, T);
    return all;
  };
  checkNumbers("inputIds", ids, B, T);
  const mask = checked("attentionMask", attentionMask);
  const types = checked("tokenTypeIds", tokenTypeIds);
  const positions = checked("positionIds", positionIds);
  const { cells, offsets } = keptCells(B, T, mask);
  const at = (rows: readonly (readonly number[])[]) =>
    Int32Array.from(cells, (cell) => rows[Math.floor(cell / T)]![cell % T]!);
  const packed = {
    tokens: at(ids),
    offsets,
    positions: positions ? at(positions) : cells.map((cell) => cell % T),
    types: types ? at(types) : new Int32Array(cells.length),
    ...(choices && { choices: perQuestion }),
  };
  return { packed, layout: { B, T, cells } };
}

/** b · T + t of each cell of `[B][T]` that the mask keeps, and where each row's begin. */
export function keptCells(B: number, T: number, mask: readonly (readonly number[])[] | undefined) {
  const cells: number[] = [];
  const offsets = new Int32Array(B + 1);
  for (let b = 0; b < B; b++) {
    for (let t = 0; t < T; t++) if (!mask || mask[b]![t] !== 0) cells.push(b * T + t);
    offsets[b + 1] = cells.length;
  }
  return { cells: Int32Array.from(cells), offsets };
}

/** How many choices the first question has. */
function questionRows(inputIds: unknown): number {
  const first = isList(inputIds) ? inputIds[0] : undefined;
  if (!isList(first) || !isList(first[0]))
    throw new ShapeError("inputIds", kind(inputIds), "[B][choices][T], several lists of numbers a question");
  return first.length;
}

/** `[B][choices][T]` as `[B · choices][T]`. */
function flatRows(name: string, rows: Rows, choices: number): readonly (readonly number[])[] {
  const wrong = rows.findIndex((question: unknown) => !isList(question) || question.length !== choices);
  if (wrong >= 0)
    throw new ShapeError(`${name}[${wrong}]`, kind(rows[wrong]), `[choices][T] with ${choices} choices, as the first`);
  return (rows as readonly (readonly (readonly number[])[])[]).flat();
}

/** The largest number that the kernels' integers hold: a larger one would become another number. */
const LARGEST = 2 ** 31 - 1;

/** Holds what a caller gave, of whatever type, against `[B][T]` whole numbers from `least` on. */
export function checkNumbers(name: string, rows: unknown, B: number, T: number, least = 0): void {
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

export const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || ArrayBuffer.isView(value);

/** A value as messages show it. */
export const kind = (value: unknown): string =>
  isList(value) ? "a list" : typeof value === "object" && value !== null ? "an object" : String(value);

/** Rows of packed tokens, `[N, …rest]`, back at their places in `[B, T, …rest]`; 0 at padding. */
export function unpackRows({ data, shape }: TensorData, { B, T, cells }: Layout): TensorData {
  const rest = shape.slice(1);
  const width = rest.reduce((product, n) => product * n, 1);
  const padded = new Float32Array(B * T * width);
  for (const [row, cell] of cells.entries()) padded.set(data.subarray(row * width, (row + 1) * width), cell * width);
  return { data: padded, shape: [B, T, ...rest] };
}
