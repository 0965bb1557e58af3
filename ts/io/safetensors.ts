import { CheckpointError } from "../errors.js";
import { BITS, widen } from "./dtypes.js";
import { type Files, fileName, reason } from "./files.js";
import { type NumberText, parseStrictJson, type StrictJson } from "./strictJson.js";

/** Header bytes that are read at most: room for 100,000 tensors; what is larger is a mistake or an attack. */
const LONGEST_HEADER = 10_000_000;
/** Bytes of a tensor that are read at once. */
const PIECE = 1 << 22;

/** What a file says of a tensor: its bytes are `[begin, end)` of the file. */
export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** A safetensors file whose header has been checked against the file's size. */
export interface Safetensors {
  /** The file in messages. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
  /** A tensor's numbers as f32, from F32, F16, BF16 or F64, piece by piece; other types: CheckpointError. */
  pieces(tensor: string): AsyncIterable<Float32Array>;
  /** The same as one array. */
  read(tensor: string): Promise<Float32Array>;
}

/**
 * Opens a safetensors file (format: huggingface.co/docs/safetensors). Nothing in it is trusted: whatever does not describe
 * every byte of the file exactly once is a CheckpointError that names the file and, where there is one, the tensor. Memory is
 * bound by the file's size, whatever the header claims.
 */
export async function openSafetensors(files: Files, file: string): Promise<Safetensors> {
  const name = fileName(files, file);
  const size = await files.size(file);
  if (size < 8) throw new CheckpointError(`${name} is ${size} bytes long, less than a safetensors file's first 8`);
  const head = await files.readRange(file, 0, 8);
  const claimed = new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true);
  const length = Number(claimed);
  if (length > size - 8)
    throw new CheckpointError(`${name}: the header is ${claimed} bytes by its own word, but the file has ${size}`);
  if (length > LONGEST_HEADER)
    throw new CheckpointError(`${name}: the header is ${length} bytes, more than ${LONGEST_HEADER}`);
  const { tensors, metadata } = checkHeader(name, await files.readRange(file, 8, 8 + length), 8 + length, size);
  const pieces = (tensor: string) => readPieces(files, file, tensors, tensor);
  return { name, tensors, metadata, pieces, read: (tensor) => joined(pieces(tensor)) };
}

function checkHeader(name: string, bytes: Uint8Array, start: number, size: number) {
  const tensors = new Map<string, StoredTensor>();
  let metadata = new Map<string, string>();
  for (const [tensor, entry] of parseHeader(name, bytes)) {
    if (tensor === "__metadata__") metadata = checkMetadata(name, entry);
    else tensors.set(tensor, checkEntry([name, tensor], entry, start, size));
  }
  checkCoverage(name, tensors, start, size);
  return { tensors, metadata };
}

function parseHeader(name: string, bytes: Uint8Array): Map<string, StrictJson> {
  let header: StrictJson;
  try {
    header = parseStrictJson(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (error) {
    const problem =
      error instanceof SyntaxError ? `is not JSON that can be used: it ${error.message}` : "is not UTF-8 text";
    throw new CheckpointError(`${name}: the header ${problem}`, { cause: error });
  }
  if (!(header instanceof Map)) throw new CheckpointError(`${name}: the header is ${shown(header)}, not a JSON object`);
  return header;
}

function checkMetadata(name: string, entry: StrictJson): Map<string, string> {
  const fine = entry instanceof Map && [...entry.values()].every((value) => typeof value === "string");
  if (!fine) throw new CheckpointError(`${name}: __metadata__ is not an object of strings`);
  return entry as Map<string, string>;
}

function checkEntry(
  [name, tensor]: readonly [string, string],
  entry: StrictJson,
  start: number,
  size: number,
): StoredTensor {
  const fail = (what: string): never => {
    throw new CheckpointError(`${name}: tensor ${quote(tensor)}: ${what}`);
  };
  if (!(entry instanceof Map)) return fail(`its entry is ${shown(entry)}, not an object`);
  const [dtype, shape, offsets] = [entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")];
  const bits = typeof dtype === "string" && Object.hasOwn(BITS, dtype) ? BITS[dtype]! : undefined;
  if (typeof dtype !== "string" || bits === undefined) return fail(`its dtype ${shown(dtype)} is unknown`);
  if (!isWhole(shape)) return fail(`its shape is ${shown(shape)}, not a list of whole numbers`);
  if (!isWhole(offsets) || offsets.length !== 2)
    return fail(`its data_offsets are ${shown(offsets)}, not two whole numbers`);
  const [begin, end] = [start + offsets[0]!, start + offsets[1]!];
  if (begin > end) return fail(`its data_offsets ${shown(offsets)} end before they begin`);
  if (end > size)
    return fail(
      `its data_offsets ${shown(offsets)} reach past the end of the file, which has ${size - start} bytes of data`,
    );
  const elements = elementsOf(shape);
  if (elements === undefined) return fail(`its shape ${shown(shape)} is larger than any file`);
  if (elements * bits !== 8 * (end - begin)) {
    return fail(
      `its shape ${shown(shape)} of ${dtype} takes ${(elements * bits) / 8} bytes, but its data_offsets give it ${end - begin}`,
    );
  }
  return { dtype, shape, begin, end };
}

/**
 * Number of elements, or undefined if a number cannot hold it. Every partial product counts, as in safetensors: one that
 * overflows is refused even if a later 0 would mend it.
 */
function elementsOf(shape: readonly number[]): number | undefined {
  let elements = 1;
  for (const n of shape) {
    elements *= n;
    if (elements > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return elements;
}

/** Every byte of the data has to belong to exactly one tensor: so nothing is hidden, and nothing is read twice. */
function checkCoverage(name: string, tensors: ReadonlyMap<string, StoredTensor>, start: number, size: number): void {
  let reached = start;
  for (const [tensor, { begin, end }] of [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)) {
    if (begin < reached)
      throw new CheckpointError(`${name}: tensor ${quote(tensor)} overlaps another one by ${reached - begin} bytes`);
    if (begin > reached)
      throw new CheckpointError(
        `${name}: the ${begin - reached} bytes before tensor ${quote(tensor)} belong to no tensor`,
      );
    reached = end;
  }
  if (reached < size) throw new CheckpointError(`${name}: the last ${size - reached} bytes belong to no tensor`);
}

async function joined(pieces: AsyncIterable<Float32Array>): Promise<Float32Array> {
  const all: Float32Array[] = [];
  for await (const piece of pieces) all.push(piece);
  const numbers = new Float32Array(all.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of all) {
    numbers.set(piece, at);
    at += piece.length;
  }
  return numbers;
}

async function* readPieces(
  files: Files,
  file: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  tensor: string,
): AsyncGenerator<Float32Array> {
  const where = `${fileName(files, file)}: tensor ${quote(tensor)}`;
  const found = tensors.get(tensor);
  if (found === undefined) throw new CheckpointError(`${where} is not there`);
  const { dtype, begin, end } = found;
  const convert = Object.hasOwn(widen, dtype) ? widen[dtype]! : undefined;
  if (convert === undefined)
    throw new CheckpointError(`${where} is ${dtype}, not one of ${Object.keys(widen).join(", ")}`);
  for (let at = begin; at < end; at += PIECE) {
    const stop = Math.min(end, at + PIECE);
    const bytes = await files.readRange(file, at, stop).catch((error: unknown) => {
      throw new CheckpointError(`${where} cannot be read: ${reason(error)}`, { cause: error });
    });
    if (bytes.length !== stop - at) throw new CheckpointError(`${where}: the file ends inside it`);
    const numbers = new Float32Array((8 * bytes.length) / BITS[dtype]!);
    convert(numbers, 0, bytes as Uint8Array<ArrayBuffer>);
    yield numbers;
  }
}

const isWhole = (value: StrictJson | undefined): value is number[] =>
  Array.isArray(value) && value.every((n) => typeof n === "number" && n >= 0);

/** A name from the file as one short line, whatever it holds. */
const quote = (name: string): string =>
  name.length > 200 ? `${JSON.stringify(name.slice(0, 200))}…` : JSON.stringify(name);

function shown(value: StrictJson | undefined): string {
  if (value === undefined) return "missing";
  if (value instanceof Map) return "an object";
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return value.length > 8 ? `a list of ${value.length}` : `[${value.map(shown).join(", ")}]`;
  return typeof value === "object" && value !== null ? (value as NumberText).text.slice(0, 50) : String(value);
}
