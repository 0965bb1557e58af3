import { DataError, RoFormerError } from "../errors.js";
import { errorReason, reason } from "../io/reasons.js";
import { checkOptions, type Names } from "../options.js";
import { platform } from "../platform/index.js";
import type { Format } from "./format.js";

/** The bytes of a data set. */
export type Bytes = Blob | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** A source of rows: a file's path, or bytes with their name in messages. */
export type DataSource = string | NamedBytes;

/** Bytes with a name; its extension selects the format if `format` is not given. */
export interface NamedBytes {
  /** Their name in messages. */
  readonly name: string;
  /** The bytes, compressed with gzip, with Zstandard (where the runtime can) or not. */
  readonly bytes: Bytes;
  /** Their format. */
  readonly format?: Format | undefined;
}

const NAMED: Names<NamedBytes> = { name: true, bytes: true, format: true };

/** A source's name in messages. */
export const sourceName = (source: DataSource): string => (typeof source === "string" ? source : source.name);

/** What begins a compressed file. */
const MAGIC = { gzip: [0x1f, 0x8b], Zstandard: [0x28, 0xb5, 0x2f, 0xfd] } as const;

/** How bytes that begin so are compressed; undefined for others. */
function compression(first: Uint8Array): keyof typeof MAGIC | undefined {
  const names = Object.keys(MAGIC) as (keyof typeof MAGIC)[];
  return names.find((name) => MAGIC[name].every((byte, i) => first[i] === byte));
}

/** A source's bytes, decompressed if they are gzip or Zstandard, whatever the name says. Errors: DataError that names the file. */
export async function* readBytes(source: DataSource): AsyncGenerator<Uint8Array> {
  const name = sourceName(source);
  if (typeof source === "object") checkOptions(name ?? "source", source, NAMED, "field");
  let kind: ReturnType<typeof compression>;
  let pieces: AsyncIterator<Uint8Array> | undefined;
  try {
    pieces = await rawBytes(source);
    const first = await firstBytes(pieces);
    kind = compression(first);
    const all = joined(first, pieces);
    yield* kind === undefined ? all : unzip(name, all, kind);
  } catch (error) {
    if (error instanceof RoFormerError) throw error;
    throw new DataError(`${name}: ${kind ? `broken or truncated ${kind}: ` : ""}${reason(error)}`, {
      cause: error,
      reason: errorReason(error),
    });
  } finally {
    // What was not begun to be decompressed is open still.
    await pieces?.return?.();
  }
}

async function rawBytes(source: DataSource): Promise<AsyncIterator<Uint8Array>> {
  if (typeof source === "string") {
    if ((await platform.listFolder(source)) !== undefined) throw new DataError(`${source} is a folder, not a file`);
    if (!(await platform.exists(source))) throw new DataError(`${source}: no such file`, { reason: "not-found" });
    return platform.stream(source)[Symbol.asyncIterator]();
  }
  const { bytes } = source;
  if (bytes instanceof Uint8Array) return streamed(new Blob([bytes as Uint8Array<ArrayBuffer>]).stream());
  if (bytes instanceof Blob) return streamed(bytes.stream());
  return "getReader" in bytes ? streamed(bytes) : bytes[Symbol.asyncIterator]();
}

/** Iterates a stream by its reader, since not every browser supports async iteration. */
async function* streamed(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Cancels the stream if rows are left unread.
    await reader.cancel().catch(() => undefined);
  }
}

/** Reads at least the first four bytes, if there are as many. */
async function firstBytes(pieces: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let first = new Uint8Array(0);
  while (first.length < 4) {
    const { done, value } = await pieces.next();
    if (done) break;
    const longer = new Uint8Array(first.length + value.length);
    longer.set(first);
    longer.set(value, first.length);
    first = longer;
  }
  return first;
}

async function* joined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (first.length > 0) yield first;
    for (;;) {
      const { done, value } = await rest.next();
      if (done) return;
      yield value;
    }
  } finally {
    await rest.return?.();
  }
}

/**
 * The maximum compression ratio. Texts shrink to a third or a tenth, repetitive tables to a thirtieth; gzip's limit is 1:1032.
 * A file beyond this ratio was made to fill memory.
 */
const [MOST_TIMES, ALWAYS_ALLOWED] = [100, 2 ** 24];

/** Decompressed bytes. Errors: DataError for a small file that decompresses to too much. */
async function* unzip(
  name: string,
  pieces: AsyncGenerator<Uint8Array>,
  kind: keyof typeof MAGIC,
): AsyncGenerator<Uint8Array> {
  let [zipped, unzipped] = [0, 0];
  const counted = async function* () {
    for await (const piece of pieces) {
      zipped += piece.length;
      yield piece;
    }
  };
  const whole = kind === "gzip" ? inflated(counted()) : platform.unzstd(counted());
  if (whole === undefined)
    throw new DataError(`${name}: Zstandard can be read in Node 22.15 or newer: decompress the file first`);
  for await (const piece of whole) {
    unzipped += piece.length;
    if (unzipped > ALWAYS_ALLOWED && unzipped > MOST_TIMES * zipped)
      throw new DataError(
        `${name}: the ${kind} file grows to more than ${MOST_TIMES} times its size: decompress it first if this is intended`,
      );
    yield piece;
  }
}

function inflated(pieces: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const zipped = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await pieces.return(undefined)),
  });
  const unzipper = new DecompressionStream("gzip") as unknown as ReadableWritablePair<Uint8Array, Uint8Array>;
  return streamed(zipped.pipeThrough(unzipper));
}
