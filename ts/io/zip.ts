import { unzipRaw, type ZipEntry } from "unzipit";
import { type Files, fileName } from "./files.js";

/** A zip file with its directory read. */
export interface Zip {
  /** Bytes of each file in it, by name. */
  readonly sizes: ReadonlyMap<string, number>;
  /** The position of a file's bytes in the zip. Errors: SyntaxError for a compressed or encrypted file. */
  begin(name: string): Promise<number>;
  /** The bytes of a file. Errors: SyntaxError for more than `most`, or more than the zip has. */
  read(name: string, most: number): Promise<Uint8Array>;
}

/** Opens a zip without reading all of it. Messages of errors continue after the file's name. */
export async function openZip(files: Files, file: string): Promise<Zip> {
  const size = await files.size(file);
  const reader = new RangeReader(files, file, size);
  const entries = new Map<string, ZipEntry>();
  for (const entry of (await unzipRaw(reader)).entries) {
    if (entries.has(entry.name)) throw new SyntaxError(`is a zip with two files ${JSON.stringify(entry.name)}`);
    if (!(entry.size <= Number.MAX_SAFE_INTEGER))
      throw new SyntaxError(`is a zip that does not say how long ${JSON.stringify(entry.name)} is`);
    entries.set(entry.name, entry);
  }
  const stored = (name: string): ZipEntry => {
    const entry = entries.get(name);
    if (entry === undefined) throw new SyntaxError(`is a zip without ${JSON.stringify(name)}`);
    const { encrypted, compressionMethod, size: bytes } = entry;
    if (encrypted || compressionMethod !== 0)
      throw new SyntaxError(
        `has a ${encrypted ? "locked" : "compressed"} ${name}; torch.save stores files as they are`,
      );
    if (bytes > size) throw new SyntaxError(`has ${size} bytes, but claims ${bytes} for ${name}`);
    return entry;
  };
  return {
    sizes: new Map([...entries].map(([name, entry]) => [name, entry.size])),
    begin: async (name) => placeOf(stored(name)),
    async read(name, most) {
      const entry = stored(name);
      if (entry.size > most) throw new SyntaxError(`has a ${name} of ${entry.size} bytes, more than ${most}`);
      return new Uint8Array(await entry.arrayBuffer());
    },
  };
}

/** A file as a reader for unzipit. */
class RangeReader {
  readonly #files: Files;
  readonly #file: string;
  readonly #size: number;

  constructor(files: Files, file: string, size: number) {
    [this.#files, this.#file, this.#size] = [files, file, size];
  }

  async getLength(): Promise<number> {
    return this.#size;
  }

  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.#size))
      throw new SyntaxError(`has ${this.#size} bytes, and is a zip whose directory points at byte ${offset + length}`);
    const bytes = await this.#files.readRange(this.#file, offset, offset + length);
    if (bytes.length !== length) throw new SyntaxError(`ends while it is read: ${fileName(this.#files, this.#file)}`);
    return bytes as Uint8Array<ArrayBuffer>;
  }

  /** unzipit slices a stored file's bytes after it has checked the header: returns the position instead of the bytes. */
  async sliceAsBlob(offset: number): Promise<Blob> {
    return new Blob([String(offset)]);
  }
}

/** The position of a stored file's bytes. */
const placeOf = async (entry: ZipEntry): Promise<number> => Number(await (await entry.blob()).text());
