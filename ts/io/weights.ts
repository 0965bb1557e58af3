import { CheckpointError, RoFormerError } from "../errors.js";
import { BITS, widen, widenBytes } from "./dtypes.js";
import { type Files, fileName, reason } from "./files.js";

/** Bytes of a tensor read at once. */
const PIECE = 1 << 22;

/** A tensor's description in a file; types have safetensors' names: F32, BF16, … */
export interface StoredTensor {
  /** Its type. */
  readonly dtype: string;
  /** Its dimensions. */
  readonly shape: readonly number[];
}

/** Tensors by name, from one or several files, whose headers have been checked. */
export interface Weights {
  /** The file's name in messages. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /**
   * A tensor's numbers as f32 in row-major order, from F32, F16, BF16 or F64, piece by piece; `bytes`: from I8 too, as they are. Errors:
   * CheckpointError for other types.
   */
  pieces(tensor: string, bytes?: boolean): AsyncIterable<Float32Array>;
}

/** Reads a file of one format. */
export type OpenWeights = (files: Files, file: string) => Promise<Weights>;

/** A whole tensor as one array. */
export async function readTensor(weights: Weights, tensor: string): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for await (const piece of weights.pieces(tensor)) parts.push(piece);
  const numbers = new Float32Array(parts.reduce((length, { length: more }) => length + more, 0));
  let at = 0;
  for (const part of parts) {
    numbers.set(part, at);
    at += part.length;
  }
  return numbers;
}

/** Numbers of one type at `[begin, end)` of a file; `tensor` is their name in messages. */
export interface Span {
  readonly file: string;
  readonly tensor: string;
  readonly dtype: string;
  readonly begin: number;
  readonly end: number;
}

/** A tensor's name in messages. */
export const tensorName = (files: Files, { file, tensor }: Pick<Span, "file" | "tensor">): string =>
  `${fileName(files, file)}: tensor ${quote(tensor)}`;

/** The numbers of a span as f32, piece by piece; `bytes`: I8 is allowed. */
export async function* readSpan(files: Files, span: Span, bytes = false): AsyncGenerator<Float32Array> {
  const convert = bytes && span.dtype === "I8" ? widenBytes : widening(files, span);
  for (let at = span.begin; at < span.end; at += PIECE) {
    const read = await readBytes(files, { ...span, begin: at, end: Math.min(span.end, at + PIECE) });
    const numbers = new Float32Array((8 * read.length) / BITS[span.dtype]!);
    convert(numbers, 0, read);
    yield numbers;
  }
}

/** The conversion of a span's type to f32. Errors: CheckpointError for types without one. */
export function widening(files: Files, span: Span) {
  if (Object.hasOwn(widen, span.dtype)) return widen[span.dtype]!;
  throw new CheckpointError(`${tensorName(files, span)} is ${span.dtype}, not one of ${Object.keys(widen).join(", ")}`);
}

/** All bytes of a span. */
export async function readBytes(files: Files, span: Span): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await files.readRange(span.file, span.begin, span.end).catch((error: unknown) => {
    if (error instanceof RoFormerError) throw error; // already names the file and the failure: an abort, a network, a disk
    throw new CheckpointError(`${tensorName(files, span)} cannot be read: ${reason(error)}`, { cause: error });
  });
  if (bytes.length !== span.end - span.begin)
    throw new CheckpointError(`${tensorName(files, span)}: the file ends inside it`);
  return bytes as Uint8Array<ArrayBuffer>;
}

/** A name from a file as one short line. */
export const quote = (name: string): string =>
  name.length > 200 ? `${JSON.stringify(name.slice(0, 200))}…` : JSON.stringify(name);
