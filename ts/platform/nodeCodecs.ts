import type * as Zlib from "node:zlib";
import type { Platform } from "./platform.js";

/** Zstandard is in Node from 22.15 on. */
type WithZstd = typeof Zlib & {
  createZstdDecompress?(): NodeJS.ReadWriteStream;
  zstdDecompressSync?(bytes: Uint8Array): Uint8Array;
};

const zlib = (): WithZstd => process.getBuiltinModule("node:zlib") as WithZstd;

/** See `Platform.unzstd`. */
export function unzstd(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> | undefined {
  const unzipper = zlib().createZstdDecompress?.();
  return unzipper && decompressed(pieces, unzipper);
}

async function* decompressed(
  pieces: AsyncIterable<Uint8Array>,
  unzipper: NodeJS.ReadWriteStream,
): AsyncGenerator<Uint8Array> {
  const { Readable, pipeline } = process.getBuiltinModule("node:stream");
  // Errors of either stream end the iteration below.
  pipeline(Readable.from(pieces, { objectMode: false }), unzipper, () => undefined);
  for await (const piece of unzipper) yield piece as unknown as Uint8Array;
}

/** See `Platform.pageCodecs`. */
export function pageCodecs(): Platform["pageCodecs"] {
  const { gunzipSync, brotliDecompressSync, zstdDecompressSync } = zlib();
  return {
    GZIP: (bytes) => gunzipSync(bytes),
    BROTLI: (bytes) => brotliDecompressSync(bytes),
    ...(zstdDecompressSync && { ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes) }),
  };
}
