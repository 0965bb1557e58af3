import { CheckpointError } from "../errors.js";
import { BITS } from "./dtypes.js";
import { type Files, fileName } from "./files.js";
import { placeholderIn } from "./placeholders.js";
import { decodeStrictJson, type NumberText, type StrictJson } from "./strictJson.js";
import { quote, readSpan, type StoredTensor, tensorName, type Weights } from "./weights.js";

/** Maximum size of a header in bytes: room for 100,000 tensors; a larger one is a mistake or an attack. */
const LONGEST_HEADER = 10_000_000;
/** A tensor's bytes are `[begin, end)` of the file. */
interface PlacedTensor extends StoredTensor {
  readonly begin: number;
  readonly end: number;
}

/** A safetensors file whose header has been checked against the file's size. */
export interface Safetensors extends Weights {
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Opens a safetensors file (format: huggingface.co/docs/safetensors). Nothing in it is trusted: a header that does not describe
 * every byte of the file exactly once is a CheckpointError that names the file and, if there is one, the tensor. Memory is
 * bounded by the file's size, whatever the header claims.
 */
export async function openSafetensors(files: Files, file: string): Promise<Safetensors> {
  const name = fileName(files, file);
  const size = await files.size(file);
  const other = await placeholderIn(files, file);
  if (other !== undefined) throw new CheckpointError(`${name} ${other}`);
  if (size < 8) throw new CheckpointError(`${name} is ${size} bytes long, less than a safetensors file's first 8`);
  const head = await files.readRange(file, 0, 8);
  // The first entry of a zip.
  if (head[0] === 0x50 && head[1] === 0x4b && head[2] === 3 && head[3] === 4)
    throw new CheckpointError(`${name} is a zip, as torch.save writes it: call it pytorch_model.bin`);
  const claimed = new DataView(head.buffer, head.byteOffset, 8).getBigUint64(0, true);
  const length = Number(claimed);
  if (length > size - 8)
    throw new CheckpointError(`${name}: the header is ${claimed} bytes long according to the file, which has ${size}`);
  if (length > LONGEST_HEADER)
    throw new CheckpointError(`${name}: the header is ${length} bytes, more than ${LONGEST_HEADER}`);
  const { tensors, metadata } = checkHeader(name, await files.readRange(file, 8, 8 + length), 8 + length, size);
  const pieces = (tensor: string, bytes?: boolean) => {
    const found = tensors.get(tensor);
    if (found === undefined) throw new CheckpointError(`${tensorName(files, { file, tensor })} is not there`);
    return readSpan(files, { file, tensor, ...found }, bytes);
  };
  return { name, tensors, metadata, pieces };
}

function checkHeader(name: string, bytes: Uint8Array, start: number, size: number) {
  const tensors = new Map<string, PlacedTensor>();
  let metadata = new Map<string, string>();
  for (const [tensor, entry] of parseHeader(name, bytes)) {
    if (tensor === "__metadata__") metadata = checkMetadata(name, entry);
    else tensors.set(tensor, checkEntry([name, tensor], entry, start, size));
  }
  checkCoverage(name, tensors, start, size);
  return { tensors, metadata };
}

function parseHeader(name: string, bytes: Uint8Array): Map<string, StrictJson> {
  const header = decodeStrictJson(bytes, `${name}: the header`, CheckpointError);
  if (!(header instanceof Map)) throw new CheckpointError(`${name}: the header is ${shown(header)}, not a JSON object`);
  return header;
}

/** Null means none, as in the safetensors package. */
function checkMetadata(name: string, entry: StrictJson): Map<string, string> {
  if (entry === null) return new Map();
  const fine = entry instanceof Map && [...entry.values()].every((value) => typeof value === "string");
  if (!fine) throw new CheckpointError(`${name}: __metadata__ is not an object of strings`);
  return entry as Map<string, string>;
}

function checkEntry(
  [name, tensor]: readonly [string, string],
  entry: StrictJson,
  start: number,
  size: number,
): PlacedTensor {
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
 * Number of elements, or undefined if a number cannot hold it. As in safetensors, every partial product is checked: one that
 * overflows is refused even if a later dimension is 0.
 */
function elementsOf(shape: readonly number[]): number | undefined {
  let elements = 1;
  for (const n of shape) {
    elements *= n;
    if (elements > Number.MAX_SAFE_INTEGER) return undefined;
  }
  return elements;
}

/** Checks that every byte of the data belongs to exactly one tensor. */
function checkCoverage(name: string, tensors: ReadonlyMap<string, PlacedTensor>, start: number, size: number): void {
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

const isWhole = (value: StrictJson | undefined): value is number[] =>
  Array.isArray(value) && value.every((n) => typeof n === "number" && n >= 0);

function shown(value: StrictJson | undefined): string {
  if (value === undefined) return "missing";
  if (value instanceof Map) return "an object";
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return value.length > 8 ? `a list of ${value.length}` : `[${value.map(shown).join(", ")}]`;
  return typeof value === "object" && value !== null ? (value as NumberText).text.slice(0, 50) : String(value);
}
