import { CheckpointError, ShapeError } from "../errors.js";

/** A tensor to be saved. `read` is called when its turn comes, and its numbers are let go before the next one's. */
export interface TensorSource {
  readonly name: string;
  readonly shape: readonly number[];
  /** The f32 in row-major order; they must not change until the piece is written. */
  read(): Float32Array;
}

/**
 * A safetensors file of f32 tensors, as pieces: the header, then a tensor each, in order of their names. The same tensors give
 * the same bytes. `metadata` is what Hugging Face's loaders ask for.
 */
export function* writeSafetensors(
  tensors: Iterable<TensorSource>,
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): Generator<Uint8Array> {
  const sorted = [...tensors].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  yield header(sorted, metadata);
  for (const tensor of sorted) {
    const { name, shape } = tensor;
    const [numbers, size] = [tensor.read(), elements(shape)];
    if (numbers.length !== size)
      throw new ShapeError(`tensor ${name}`, numbers.length, `${size} numbers, [${shape.join(", ")}]`);
    yield new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
  }
}

function header(tensors: readonly TensorSource[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const entries = [`"__metadata__":${JSON.stringify(metadata)}`];
  let end = 0;
  for (const [i, { name, shape }] of tensors.entries()) {
    if (name === "__metadata__" || name === tensors[i - 1]?.name) {
      throw new CheckpointError(`a tensor cannot be saved as ${JSON.stringify(name)}: the name is taken`);
    }
    const begin = end;
    end += 4 * elements(shape);
    entries.push(
      `${JSON.stringify(name)}:{"dtype":"F32","shape":[${shape.join(",")}],"data_offsets":[${begin},${end}]}`,
    );
  }
  const text = new TextEncoder().encode(`{${entries.join(",")}}`);
  // The data begin at a multiple of 8, so that they can be mapped into memory as they are.
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return bytes;
}

const elements = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
