import { CheckpointError, ConfigError, ShapeError } from "../errors.js";
import { BITS, type NumberDtype, narrow, WRITTEN_DTYPES } from "./dtypes.js";

/** A tensor to save. `read` is called when the tensor is written, and its numbers are released before the next one's. */
export interface TensorSource {
  readonly name: string;
  readonly shape: readonly number[];
  /** Its type if it has one of its own: f32, or whole numbers of a byte. */
  readonly dtype?: "f32" | "int8" | undefined;
  /** The values in row-major order, as Int8Array for int8; they must not change until the piece is written. */
  read(): Float32Array | Int8Array;
}

/** Settings of {@link writeSafetensors}. */
export interface SafetensorsOptions {
  /** Default: what Hugging Face's loaders require. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The type of tensors that have none of their own. Errors: ConfigError for numbers too large for it. Default: "f32". */
  readonly dtype?: NumberDtype;
}

/**
 * A safetensors file in pieces: the header, then one piece per tensor, sorted by size of their numbers, which keeps these aligned, and by name.
 * The same tensors give the same bytes.
 */
export function* writeSafetensors(
  tensors: Iterable<TensorSource>,
  { metadata = { format: "pt" }, dtype = "f32" }: SafetensorsOptions = {},
): Generator<Uint8Array> {
  const sorted = inOrder(tensors, dtype);
  yield header(sorted, metadata, dtype);
  for (const tensor of sorted) {
    const { name, shape } = tensor;
    const [numbers, size] = [tensor.read(), elements(shape)];
    if (numbers.length !== size)
      throw new ShapeError(`tensor ${name}`, numbers.length, `${size} numbers, [${shape.join(", ")}]`);
    yield bytesIn(tensor.dtype ?? dtype, name, numbers);
  }
}

function bytesIn(dtype: keyof typeof WRITTEN_DTYPES, name: string, numbers: Float32Array | Int8Array): Uint8Array {
  if (numbers instanceof Int8Array) return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.length);
  if (dtype === "f16") checkRange(name, numbers);
  return narrow[dtype as NumberDtype](numbers);
}

/**
 * Divides tensors, in a file's order, into files of at most `most` bytes of data; a larger tensor has its own file.
 */
export function divide(tensors: Iterable<TensorSource>, dtype: NumberDtype, most: number): TensorSource[][] {
  const files: TensorSource[][] = [[]];
  let bytes = 0;
  for (const tensor of inOrder(tensors, dtype)) {
    const more = bytesOf(tensor, dtype);
    if (bytes > 0 && bytes + more > most) {
      files.push([]);
      bytes = 0;
    }
    files.at(-1)!.push(tensor);
    bytes += more;
  }
  return files;
}

/** Bytes of a tensor's numbers in a file. */
export const bytesOf = (tensor: TensorSource, dtype: NumberDtype): number =>
  (elements(tensor.shape) * bitsOf(tensor, dtype)) / 8;

const bitsOf = ({ dtype }: TensorSource, common: NumberDtype): number => BITS[WRITTEN_DTYPES[dtype ?? common]]!;

const inOrder = (tensors: Iterable<TensorSource>, dtype: NumberDtype): TensorSource[] =>
  [...tensors].sort((a, b) => bitsOf(b, dtype) - bitsOf(a, dtype) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));

function header(
  tensors: readonly TensorSource[],
  metadata: Readonly<Record<string, string>>,
  dtype: NumberDtype,
): Uint8Array {
  const entries = [`"__metadata__":${JSON.stringify(metadata)}`];
  let end = 0;
  for (const [i, tensor] of tensors.entries()) {
    const { name, shape } = tensor;
    if (name === "__metadata__" || name === tensors[i - 1]?.name) {
      throw new CheckpointError(`a tensor cannot be saved as ${JSON.stringify(name)}: the name is taken`);
    }
    const begin = end;
    end += bytesOf(tensor, dtype);
    const what = `"dtype":"${WRITTEN_DTYPES[tensor.dtype ?? dtype]}","shape":[${shape.join(",")}]`;
    entries.push(`${JSON.stringify(name)}:{${what},"data_offsets":[${begin},${end}]}`);
  }
  const text = new TextEncoder().encode(`{${entries.join(",")}}`);
  // The data is aligned to 8 bytes, so that it can be memory-mapped.
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return bytes;
}

/** The least number that rounds to infinity in f16. */
function checkRange(name: string, numbers: Float32Array): void {
  const large = numbers.find((x) => Math.abs(x) >= 65520 && Math.abs(x) !== Infinity);
  if (large !== undefined)
    throw new ConfigError(`tensor ${name} holds ${large}, but the maximum of f16 is 65504: save it as bf16 or f32`);
}

const elements = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
