import { type Hash, platform } from "../platform/index.js";
import type { Files } from "./interface.js";

/** A SHA-256 that has seen nothing yet: every platform has this one. */
export const newHash = (): Hash => platform.hash("sha256")!;

/** SHA-256 of pieces, in hexadecimal. */
export async function hashOf(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<string> {
  const hash = newHash();
  for await (const piece of pieces) hash.update(piece);
  return hash.hex();
}

/** SHA-256 of a text as UTF-8. */
export const hashOfText = (text: string): Promise<string> => hashOf([new TextEncoder().encode(text)]);

/** Bytes of a file that are read at once. */
const PIECE = 2 ** 24;

/** SHA-256 of a file. Errors: DataError if it is missing. */
export const hashOfFile = (files: Files, name: string): Promise<string> => hashOf(piecesOf(files, name));

async function* piecesOf(files: Files, name: string): AsyncGenerator<Uint8Array> {
  const size = await files.size(name);
  for (let at = 0; at < size; at += PIECE) yield files.readRange(name, at, Math.min(size, at + PIECE));
}
