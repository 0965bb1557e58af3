import { ShapeError } from "../errors.js";

/** Bytes before the length of the header, and the alignment of the data. */
const [MAGIC, ALIGNMENT] = [10, 64];

/** An `.npy` file (NumPy's format, version 1.0) of f32 rows of one length, `[rows, width]`, as pieces: the header, then a row each. */
export function* writeNpy(rows: readonly Float32Array[]): Generator<Uint8Array> {
  const width = rows[0]?.length ?? 0;
  const wrong = rows.findIndex(({ length }) => length !== width);
  if (wrong >= 0) throw new ShapeError(`row ${wrong}`, rows[wrong]!.length, `${width} numbers, as the first`);
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows.length}, ${width}), }`;
  const size = Math.ceil((MAGIC + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(size).fill(0x20);
  bytes.set([0x93, ...new TextEncoder().encode("NUMPY"), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, size - MAGIC, true);
  bytes.set(new TextEncoder().encode(text), MAGIC);
  bytes[size - 1] = 0x0a;
  yield bytes;
  for (const { buffer, byteOffset, byteLength } of rows) yield new Uint8Array(buffer, byteOffset, byteLength);
}
