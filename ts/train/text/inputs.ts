import type { Format } from "../../data/format.js";
import { filesOf } from "../../data/paths.js";
import { type RandomAccess, randomAccess } from "../../data/randomAccess.js";
import { type DataSource, type NamedBytes, readBytes, sourceName } from "../../data/source.js";
import { joinBytes } from "../../io/joinBytes.js";
import type { Downloads, KeptFile } from "../../platform/index.js";
import { cannotWrite } from "./cacheErrors.js";

/** A file, or bytes, that can be read as often as needed. */
export interface Input {
  /** Its name in messages. */
  readonly name: string;
  readonly format: Format;
  /** A source to read from the beginning. */
  source(): DataSource;
  /** The same for any part of it, for formats that need it. */
  readonly random?: RandomAccess | undefined;
}

/** Bytes of a stream that stay in memory; of longer ones a copy is made in the cache. */
const KEPT = 2 ** 23;
const PIECE = 2 ** 20;
const ZIPPED = /\.(gz|zst)$/i;

/** All inputs of `sources`, with patterns and folders expanded. Streams are read to their ends, which {@link Inputs.free} undoes. */
export class Inputs {
  readonly all: readonly Input[];
  readonly #copies: readonly (() => Promise<void>)[];

  private constructor(all: readonly Input[], copies: readonly (() => Promise<void>)[]) {
    [this.all, this.#copies] = [all, copies];
  }

  /** `cache`: where copies of long streams are. Errors: DataError that names the source. */
  static async open(sources: readonly DataSource[], format: Format | undefined, cache: Downloads): Promise<Inputs> {
    const expanded: DataSource[] = [];
    for (const source of sources) expanded.push(...(typeof source === "string" ? await filesOf(source) : [source]));
    const [all, copies]: [Input[], (() => Promise<void>)[]] = [[], []];
    const opened = new Inputs(all, copies);
    try {
      for (const source of expanded) all.push(await open(source, format, cache, copies));
      return opened;
    } catch (error) {
      await opened.free();
      throw error;
    }
  }

  /** Removes the copies of streams. */
  async free(): Promise<void> {
    for (const remove of this.#copies) await remove();
  }
}

async function open(
  source: DataSource,
  given: Format | undefined,
  cache: Downloads,
  copies: (() => Promise<void>)[],
): Promise<Input> {
  const name = sourceName(source);
  const format = given ?? (typeof source === "string" ? undefined : source.format) ?? formatOf(name);
  const isParquet = format === "parquet";
  if (typeof source === "string" ? !(isParquet && ZIPPED.test(name)) : canRepeat(source)) {
    const random = isParquet ? await randomAccess(source) : undefined;
    return { name, format, source: () => source, random };
  }
  const { file, remove } = await copied(source, cache);
  if (remove) copies.push(remove);
  const again = (): DataSource => ({ name, bytes: piecesOf(file) });
  return { name, format, source: again, random: { name, size: file.size, read: (a, b) => file.readRange(a, b) } };
}

/** The format by a file's extension; any other is plain text. */
function formatOf(name: string): Format {
  const [, extension = ""] = /\.(csv|tsv|jsonl?|ndjson|parquet)(?:\.(?:gz|zst))?$/i.exec(name) ?? [];
  const lower = extension.toLowerCase();
  return lower === "" ? "txt" : lower === "ndjson" ? "jsonl" : (lower as Format);
}

const canRepeat = ({ bytes }: NamedBytes): boolean => bytes instanceof Uint8Array || bytes instanceof Blob;

/** What a stream has, in memory or, of more, as a file of the cache. */
async function copied(
  source: DataSource,
  cache: Downloads,
): Promise<{ readonly file: KeptFile; readonly remove?: () => Promise<void> }> {
  const pieces = readBytes(source);
  const first: Uint8Array[] = [];
  let length = 0;
  while (length <= KEPT) {
    const { done, value } = await pieces.next();
    if (done) return { file: inMemory(first) };
    first.push(value);
    length += value.length;
  }
  const key = cache.temporary();
  await cannotWrite(cache, () =>
    cache.keep(
      key,
      (async function* () {
        yield* first.splice(0);
        yield* pieces;
      })(),
    ),
  );
  return { file: (await cache.find(key))!, remove: () => cache.remove(key) };
}

function inMemory(pieces: readonly Uint8Array[]): KeptFile {
  const bytes = joinBytes(pieces);
  return { size: bytes.length, readRange: async (start, end) => bytes.subarray(start, end) };
}

async function* piecesOf(file: KeptFile): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += PIECE) yield await file.readRange(at, Math.min(at + PIECE, file.size));
}
