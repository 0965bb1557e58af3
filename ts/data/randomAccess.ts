import { DataError } from "../errors.js";
import { platform } from "../platform/index.js";
import { type DataSource, readBytes, sourceName } from "./source.js";

/** A file of which any part can be read. */
export interface RandomAccess {
  /** Its name in messages. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  read(start: number, end: number): Promise<Uint8Array>;
}

const COMPRESSED = /\.(gz|zst)$/i;

/** A source of which any part can be read: streams and compressed files are read to their ends first. Errors: DataError. */
export async function randomAccess(source: DataSource): Promise<RandomAccess> {
  const name = sourceName(source);
  if (COMPRESSED.test(name)) return parts(name, await whole(source));
  if (typeof source === "string") {
    const size = await platform.fileSize(source);
    if (size === undefined) throw new DataError(`${name}: no such file`, { reason: "not-found" });
    return { name, size, read: (start, end) => platform.readRange(source, start, end) };
  }
  const { bytes } = source;
  if (bytes instanceof Uint8Array) return parts(name, new Blob([bytes as Uint8Array<ArrayBuffer>]));
  return parts(name, bytes instanceof Blob ? bytes : await whole(source));
}

/** All bytes of a source, decompressed. Errors: those of {@link readBytes}. */
export async function whole(source: DataSource): Promise<Blob> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of readBytes(source)) pieces.push(piece as Uint8Array<ArrayBuffer>);
  return new Blob(pieces);
}

const parts = (name: string, blob: Blob): RandomAccess => ({
  ...{ name, size: blob.size },
  read: async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
});
