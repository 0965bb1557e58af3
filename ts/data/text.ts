import { DataError } from "../errors.js";
import { joinBytes } from "../io/joinBytes.js";

/** Maximum characters of a line, row or JSON file: far more than a text needs, less than a string can hold. */
export const LONGEST = 2 ** 28;
const [LINE_FEED, CARRIAGE_RETURN] = [10, 13];

/** Consecutive whole lines of a file. */
export interface TextBlock {
  /** Lines with their ends (LF, CRLF or CR) as in the file; the file's last line may have none. */
  readonly text: string;
  /** Number of the first line, from 1. */
  readonly line: number;
}

/**
 * A file's text in blocks of whole lines: UTF-8, without a byte-order mark. A line ends with LF, CRLF or CR, as in Python's
 * `open`. Errors: DataError naming the line for bytes that are not text.
 */
export async function* readText(name: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<TextBlock> {
  let [line, isFirst] = [1, true];
  for await (const bytes of wholeLines(name, pieces)) {
    const decoded = decode(name, bytes, line, isFirst);
    const text = isFirst && decoded.startsWith("\ufeff") ? decoded.slice(1) : decoded;
    isFirst = false;
    if (text.length > 0) yield { text, line };
    line += lineEnds(text);
  }
}

/** A part of a file's text. */
export interface TextPiece {
  /** The text, with LF line ends; it may begin or end within a line. */
  readonly text: string;
  /** Number of the line that it begins in, from 1. */
  readonly line: number;
}

/** A file's text in pieces of any length: as {@link readText}, for files whose lines may be of any length. Errors: as there. */
export async function* readPieces(name: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<TextPiece> {
  let [line, isFirst] = [1, true];
  let rest: Uint8Array = new Uint8Array(0);
  const take = (bytes: Uint8Array): TextPiece => {
    const decoded = decode(name, bytes, line, isFirst);
    const text = isFirst && decoded.startsWith("\ufeff") ? decoded.slice(1) : decoded;
    isFirst = false;
    const piece = { text: unixLines(text), line };
    line += lineEnds(text);
    return piece;
  };
  for await (const piece of pieces) {
    const bytes = joinBytes([rest, piece]);
    const end = wholeCharacters(bytes);
    if (end > 0) yield take(bytes.subarray(0, end));
    rest = bytes.slice(end);
  }
  if (rest.length > 0) yield take(rest);
}

/** Bytes up to the last character that is whole. A CR at the end waits for its LF. */
function wholeCharacters(bytes: Uint8Array): number {
  const { length } = bytes;
  if (bytes[length - 1] === CARRIAGE_RETURN) return length - 1;
  for (let back = 1; back <= Math.min(3, length); back++) {
    const byte = bytes[length - back]!;
    if ((byte & 0xc0) === 0x80) continue; // within a character
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return size > back ? length - back : length;
  }
  return length;
}

/** Number of line ends in a text. */
export function lineEnds(text: string): number {
  if (text.includes("\r")) return text.match(/\r\n?|\n/g)!.length;
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** Converts line ends to LF. */
export const unixLines = (text: string): string => (text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text);

/** Lines of a block, without their ends. */
export function splitLines(text: string): string[] {
  const lines = unixLines(text).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** Line ends are never part of another character in UTF-8, so bytes can be split there before they are decoded. */
async function* wholeLines(name: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const piece of pieces) {
    const end = lastLineEnd(piece);
    if (end > 0) {
      yield joinBytes([...waiting, piece.subarray(0, end)]);
      [waiting, length] = [[], 0];
    }
    waiting.push(piece.subarray(end));
    length += piece.length - end;
    if (length > LONGEST) throw new DataError(`${name}: a line is longer than ${LONGEST} bytes: is this a text file?`);
  }
  if (length > 0) yield joinBytes(waiting);
}

/** The end of the last whole line of a piece. A CR at the very end does not count: an LF may follow. */
function lastLineEnd(piece: Uint8Array): number {
  const lineFeed = piece.lastIndexOf(LINE_FEED) + 1;
  // A search from -1 would begin at the end.
  const carriageReturn = piece.length < 2 ? 0 : piece.lastIndexOf(CARRIAGE_RETURN, piece.length - 2) + 1;
  return Math.max(lineFeed, carriageReturn);
}

/** A whole file with LF line ends, for formats that cannot be read in parts. */
export async function readWhole(name: string, blocks: AsyncIterable<TextBlock>): Promise<string> {
  const texts: string[] = [];
  let length = 0;
  for await (const { text } of blocks) {
    texts.push(unixLines(text));
    length += text.length;
    if (length > LONGEST) throw new DataError(`${name} is longer than ${LONGEST} characters: use JSON Lines instead`);
  }
  return texts.join("");
}

function decode(name: string, bytes: Uint8Array, firstLine: number, isFirst: boolean): string {
  const [first, second] = bytes;
  if (isFirst && ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))) {
    throw new DataError(`${name}:1: this is UTF-16, not UTF-8`);
  }
  const zero = bytes.indexOf(0);
  if (zero >= 0)
    throw new DataError(`${name}:${firstLine + linesBefore(bytes, zero)}: a NUL byte: this is a binary file, not text`);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    return decoder.decode(bytes);
  } catch {
    throw new DataError(`${name}:${firstLine + badLine(decoder, bytes)}: not valid UTF-8`);
  }
}

/** The first line, from 0, that cannot be decoded. */
function badLine(decoder: TextDecoder, bytes: Uint8Array): number {
  for (let [at, line] = [0, 0]; at < bytes.length; line++) {
    const end = lineEnd(bytes, at);
    try {
      decoder.decode(bytes.subarray(at, end));
    } catch {
      return line;
    }
    at = end;
  }
  return 0;
}

/** Line ends before a byte. */
function linesBefore(bytes: Uint8Array, before: number): number {
  let line = -1;
  for (let at = 0; at <= before; at = lineEnd(bytes, at)) line++;
  return line;
}

/** The end of the line that begins at a byte. */
function lineEnd(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === LINE_FEED) return at + 1;
    if (bytes[at] === CARRIAGE_RETURN) return bytes[at + 1] === LINE_FEED ? at + 2 : at + 1;
  }
  return bytes.length;
}
