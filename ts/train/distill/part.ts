import { narrow, widen } from "../../io/dtypes.js";
import { hashOf } from "../../io/hashes.js";
import type { CacheStore } from "./cache.js";
import type { RecordSize, TeacherRecord } from "./objectives/objective.js";

/** Bytes before the records of a part: the SHA-256 of what follows. */
const HEADER = 32;

/** Bytes that are checked at once. */
const PIECE = 1 << 24;

/** Bytes of a record: its f32 numbers, then its f16 numbers, to a multiple of 4. */
const bytesOf = ({ floats, halves }: RecordSize): number => 4 * floats + 4 * Math.ceil(halves / 2);

/** Where each record of a part begins, and where the last one ends. */
export function startsOf(sizes: readonly RecordSize[]): Float64Array {
  const starts = new Float64Array(sizes.length + 1).fill(HEADER);
  for (const [i, size] of sizes.entries()) starts[i + 1] = starts[i]! + bytesOf(size);
  return starts;
}

const fromHex = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g)!, (byte) => Number.parseInt(byte, 16));
const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The bytes of a part. */
export async function partOf(records: readonly TeacherRecord[], sizes: readonly RecordSize[]): Promise<Uint8Array> {
  const starts = startsOf(sizes);
  const bytes = new Uint8Array(starts.at(-1)!);
  for (const [i, { floats, halves }] of records.entries()) {
    bytes.set(narrow.f32(floats), starts[i]!);
    bytes.set(narrow.f16(halves), starts[i]! + 4 * floats.length);
  }
  bytes.set(fromHex(await hashOf([bytes.subarray(HEADER)])));
  return bytes;
}

/** Whether a part is there, of `size` bytes, as it was written. */
export async function isWhole(store: CacheStore, part: string, size: number): Promise<boolean> {
  if ((await store.size(part)) !== size) return false;
  const wanted = toHex(await store.read(part, 0, HEADER));
  const pieces: Uint8Array[] = [];
  for (let at = HEADER; at < size; at += PIECE) pieces.push(await store.read(part, at, Math.min(size, at + PIECE)));
  return (await hashOf(pieces)) === wanted;
}

/** A record, from its bytes. */
export function recordOf(bytes: Uint8Array, { floats, halves }: RecordSize): TeacherRecord {
  const record = { floats: new Float32Array(floats), halves: new Float32Array(halves) };
  const own = bytes as Uint8Array<ArrayBuffer>;
  widen.F32!(record.floats, 0, own.subarray(0, 4 * floats));
  widen.F16!(record.halves, 0, own.subarray(4 * floats, 4 * floats + 2 * halves));
  return record;
}
