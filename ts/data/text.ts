import { DataError } from "../errors.js";

/** Characters that one line, row or JSON file may have: far more than a text needs, less than a string can hold. */
export const LONGEST = 2 ** 28;
const LINE_FEED = 10;

/** Consecutive whole lines of a file. */
export interface TextBlock {
  /** Lines, each ended by "\n" but perhaps the file's last. */
  readonly text: string;
  /** The first one's number, from 1. */
  readonly line: number;
}

/**
 * A file's text in blocks of whole lines: UTF-8, a byte-order mark dropped, CRLF made LF. What is not text is a DataError that
 * names the line.
 */
export async function* readText(name: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<TextBlock> {
  let line = 1;
  for await (const bytes of wholeLines(name, pieces)) {
    const decoded = decode(name, bytes, line);
    const text = (line === 1 && decoded.startsWith("\ufeff") ? decoded.slice(1) : decoded).replaceAll("\r\n", "\n");
    if (text.length > 0) yield { text, line };
    line += newlines(text);
  }
}

/** Number of line ends in a text. */
export function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** A line end is one byte in UTF-8 and part of no other character, so bytes can be cut there before they are decoded. */
async function* wholeLines(name: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(LINE_FEED) + 1;
    if (end > 0) {
      yield join([...waiting, piece.subarray(0, end)]);
      [waiting, length] = [[], 0];
    }
    waiting.push(piece.subarray(end));
    length += piece.length - end;
    if (length > LONGEST) throw new DataError(`${name}: a line is longer than ${LONGEST} bytes: is this a text file?`);
  }
  if (length > 0) yield join(waiting);
}

/** Everything a file holds, for formats that cannot be read in parts. */
export async function readWhole(name: string, blocks: AsyncIterable<TextBlock>): Promise<string> {
  const texts: string[] = [];
  let length = 0;
  for await (const { text } of blocks) {
    texts.push(text);
    length += text.length;
    if (length > LONGEST)
      throw new DataError(`${name} is longer than ${LONGEST} characters: use JSON Lines for so much`);
  }
  return texts.join("");
}

function decode(name: string, bytes: Uint8Array, firstLine: number): string {
  const [first, second] = bytes;
  if (firstLine === 1 && ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))) {
    throw new DataError(`${name}:1: this is UTF-16, not UTF-8`);
  }
  const zero = bytes.indexOf(0);
  if (zero >= 0)
    throw new DataError(`${name}:${lineOf(bytes, zero, firstLine)}: a NUL byte: this is a binary file, not text`);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(bytes);
  } catch {
    throw new DataError(`${name}:${firstLine + badLine(decoder, bytes)}: not valid UTF-8`);
  }
}

/** Which line, from 0, is the first that cannot be decoded. */
function badLine(decoder: TextDecoder, bytes: Uint8Array): number {
  for (let [at, line] = [0, 0]; at < bytes.length; line++) {
    const found = bytes.indexOf(LINE_FEED, at);
    const end = found < 0 ? bytes.length : found + 1;
    try {
      decoder.decode(bytes.subarray(at, end));
    } catch {
      return line;
    }
    at = end;
  }
  return 0;
}

const lineOf = (bytes: Uint8Array, at: number, firstLine: number): number =>
  bytes.subarray(0, at).reduce((line, byte) => line + (byte === LINE_FEED ? 1 : 0), firstLine);

function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
