import { CheckpointError, RoFormerError } from "../errors.js";
import { BITS, widen } from "./dtypes.js";
import { type Files, fileName, reason } from "./files.js";

/** Bytes of a tensor that are read at once. */
const PIECE = 1 << 22;

/** What a file says of a tensor; types have safetensors' names: F32, BF16, … */
export interface StoredTensor {
  /** Its type. */
  readonly dtype: string;
  /** Its dimensions. */
  readonly shape: readonly number[];
}

/** Tensors by name, in whatever files they are stored: what has been read of these so far has been checked. */
export interface Weights {
  /** The file in messages. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** A tensor's numbers as f32 in row-major order, from F32, F16, BF16 or F64, piece by piece; other types: CheckpointError. */
  pieces(tensor: string): AsyncIterable<Float32Array>;
}

/** Reads a file of one format. */
export type OpenWeights = (files: Files, file: string) => Promise<Weights>;

/** All of a tensor as one array. */
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

/** Numbers of one type at `[begin, end)` of a file; `tensor` is what messages call them. */
export interface Span {
  readonly file: string;
  readonly tensor: string;
  readonly dtype: string;
  readonly begin: number;
  readonly end: number;
}

/** How messages name a tensor. */
export const tensorName = (files: Files, { file, tensor }: Pick<Span, "file" | "tensor">): string =>
  `${fileName(files, file)}: tensor ${quote(tensor)}`;

/** The numbers of a span as f32, piece by piece. */
export async function* readSpan(files: Files, span: Span): AsyncGenerator<Float32Array> {
  const convert = widening(files, span);
  for (let at = span.begin; at < span.end; at += PIECE) {
    const bytes = await readBytes(files, { ...span, begin: at, end: Math.min(span.end, at + PIECE) });
    const numbers = new Float32Array((8 * bytes.length) / BITS[span.dtype]!);
    convert(numbers, 0, bytes);
    yield numbers;
  }
}

/** How the type of a span becomes f32; a type that cannot is a CheckpointError. */
export function widening(files: Files, span: Span) {
  if (Object.hasOwn(widen, span.dtype)) return widen[span.dtype]!;
  throw new CheckpointError(`${tensorName(files, span)} is ${span.dtype}, not one of ${Object.keys(widen).join(", ")}`);
}

/** The bytes of a span, all of them. */
export async function readBytes(files: Files, span: Span): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await files.readRange(span.file, span.begin, span.end).catch((error: unknown) => {
    if (error instanceof RoFormerError) throw error; // it names the file, and what failed: an abort, a network, a disk
    throw new CheckpointError(`${tensorName(files, span)} cannot be read: ${reason(error)}`, { cause: error });
  });
  if (bytes.length !== span.end - span.begin)
    throw new CheckpointError(`${tensorName(files, span)}: the file ends inside it`);
  return bytes as Uint8Array<ArrayBuffer>;
}

/** A name from a file as one short line, whatever it holds. */
export const quote = (name: string): string =>
  name.length > 200 ? `${JSON.stringify(name.slice(0, 200))}…` : JSON.stringify(name);
