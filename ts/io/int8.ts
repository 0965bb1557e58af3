import { CheckpointError } from "../errors.js";
import { quote, readTensor, type StoredTensor, type Weights } from "./weights.js";

/** End of the names of scales: `a.weight`, I8 `[O, I]`, has `a.weight_scale`, F32 `[O]`. */
export const SCALE = "_scale";

/** A matrix as bytes, each to be multiplied by its row's scale. */
export interface Int8Rows {
  readonly bytes: Int8Array;
  readonly scales: Float32Array;
}

/** Twice this in f32 has no digits after the point: adding and subtracting it rounds, ties to even. */
const WHOLE = 1.5 * 2 ** 23;

/**
 * Rounds each row of `width` numbers to multiples of its scale, at most `most`. As in the kernels, a scale has 17 significant bits, so that its multiples are
 * exact and rounding them again changes nothing.
 */
export function roundRows(values: Float32Array, width: number, most: number): Int8Rows {
  const { fround } = Math;
  const rows = width === 0 ? 0 : values.length / width;
  const [bytes, scales] = [new Int8Array(values.length), new Float32Array(rows)];
  for (let row = 0; row < rows; row++) {
    let largest = 0;
    for (let i = row * width; i < (row + 1) * width; i++) largest = Math.max(largest, Math.abs(values[i]!));
    scales[row] = fround(largest / most);
  }
  const bits = new Uint32Array(scales.buffer);
  for (let row = 0; row < rows; row++) {
    if (Number.isFinite(scales[row])) bits[row] = (bits[row]! + 0x7f) & ~0x7f;
    const scale = scales[row]!;
    if (!(scale > 0)) continue;
    for (let i = row * width; i < (row + 1) * width; i++) bytes[i] = fround(fround(values[i]! / scale) + WHOLE) - WHOLE;
  }
  return { bytes, scales };
}

/** The rows of a matrix, or parts of them, in a piece of it; `at`: how many numbers of the matrix are before the piece. */
function* rowsIn(piece: Float32Array, width: number, at = 0): Generator<readonly [row: number, part: Float32Array]> {
  for (let from = 0; from < piece.length; ) {
    const row = Math.floor((at + from) / width);
    const end = Math.min(piece.length, (row + 1) * width - at);
    yield [row, piece.subarray(from, end)];
    from = end;
  }
}

function multiply(numbers: Float32Array, factor: number): void {
  for (let i = 0; i < numbers.length; i++) numbers[i]! *= factor;
}

/** Pieces of a matrix, each row rounded as {@link roundRows} does. */
export async function* roundedPieces(
  pieces: AsyncIterable<Float32Array>,
  width: number,
  most: number,
): AsyncGenerator<Float32Array> {
  let rest = new Float32Array(0);
  for await (const piece of pieces) {
    const all = new Float32Array(rest.length + piece.length);
    all.set(rest);
    all.set(piece, rest.length);
    const whole = all.length - (all.length % width);
    const { bytes, scales } = roundRows(all.subarray(0, whole), width, most);
    const rounded = new Float32Array(bytes);
    for (const [row, part] of rowsIn(rounded, width)) multiply(part, scales[row]!);
    yield rounded;
    rest = all.slice(whole);
  }
  yield rest;
}

/**
 * Weights in which matrices of bytes have the numbers that these stand for, and their scales are not tensors of their own.
 * Errors: CheckpointError for bytes without scales, and for scales of another shape or type or that cannot be those of their rows.
 */
export function widenInt8(weights: Weights): Weights {
  const tensors = new Map(weights.tensors);
  for (const [name, { dtype, shape }] of weights.tensors) {
    const scales = name + SCALE;
    if (dtype !== "I8") continue;
    checkScales(`${weights.name}: tensor ${quote(name)}`, shape, weights.tensors.get(scales));
    tensors.delete(scales);
  }
  const pieces = (name: string) => (tensors.get(name)?.dtype === "I8" ? matrix(weights, name) : weights.pieces(name));
  return { name: weights.name, tensors, pieces };
}

function checkScales(where: string, shape: readonly number[], scales: StoredTensor | undefined): void {
  const wanted = `F32 of [${shape[0] ?? ""}], a scale for each row`;
  if (shape.length !== 2) throw new CheckpointError(`${where} is I8 of [${shape.join(", ")}], not a matrix`);
  if (!scales) throw new CheckpointError(`${where} is I8, and its scales, …${SCALE}, are missing; expected ${wanted}`);
  if (scales.dtype !== "F32" || scales.shape.join() !== String(shape[0]))
    throw new CheckpointError(
      `${where} is I8, and its scales, …${SCALE}, are ${scales.dtype} of [${scales.shape.join(", ")}]; expected ${wanted}`,
    );
}

async function* matrix(weights: Weights, name: string): AsyncGenerator<Float32Array> {
  const width = weights.tensors.get(name)!.shape[1]!;
  const scales = await readTensor(weights, name + SCALE);
  const refused = (row: number, wanted: string) => {
    const where = `${weights.name}: tensor ${quote(name + SCALE)}`;
    return new CheckpointError(`${where}: the scale of row ${row} is ${scales[row]}; expected ${wanted}`);
  };
  const wrong = scales.findIndex((scale) => !(scale >= 0 && scale < Infinity));
  if (wrong !== -1) throw refused(wrong, "a finite number of at least 0");
  let at = 0;
  for await (const piece of weights.pieces(name, true)) {
    for (const [row, bytes] of rowsIn(piece, width, at)) {
      if (scales[row] === 0 && bytes.some((byte) => byte !== 0))
        throw refused(row, "a positive number, since the row's bytes are not all 0");
      multiply(bytes, scales[row]!);
    }
    yield piece;
    at += piece.length;
  }
}
