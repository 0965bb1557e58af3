import { unzipRaw, type ZipEntry } from "unzipit";
import { type Files, fileName } from "./files.js";

/** A zip whose directory has been read. */
export interface Zip {
  /** Bytes of each file in it, by name. */
  readonly sizes: ReadonlyMap<string, number>;
  /** Where the bytes of a file begin in the zip; one that is compressed or encrypted is an error. */
  begin(name: string): Promise<number>;
  /** The bytes of a file; more than `most`, or than the zip itself has, are an error. */
  read(name: string, most: number): Promise<Uint8Array>;
}

/** Opens a zip without reading it as a whole. Errors are words that go on after the file's name. */
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
    if (bytes > size) throw new SyntaxError(`has ${size} bytes, and ${name} in it ${bytes} by its own word`);
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

/** unzipit's view of a file. */
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

  /** What unzipit asks for a stored file's bytes when it has checked the header before them: here the answer is the place. */
  async sliceAsBlob(offset: number): Promise<Blob> {
    return new Blob([String(offset)]);
  }
}

/** Where a stored file's bytes begin. */
const placeOf = async (entry: ZipEntry): Promise<number> => Number(await (await entry.blob()).text());
