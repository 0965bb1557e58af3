import Papa, { type ParseError } from "papaparse";
import { DataError } from "../errors.js";
import { LONGEST, lineEnds, splitLines, type TextBlock, unixLines } from "./text.js";

/** The fields of one row, and the line it begins on. */
export interface Fields {
  readonly fields: readonly string[];
  readonly line: number;
  /** If quotes are plain characters: the row's text and the text after it, for a hint. */
  readonly ahead?: () => string;
}

/** A line of spaces is not a row, as in pandas (`skip_blank_lines`). */
const BLANK = /^[ \t]*\n?$/;
/** Number of lines to search for a quoted field for a hint. */
const LOOKED_AT = 100;

/** Rows of a file in which quotes are plain characters (GLUE's layout). */
export async function* readUnquoted(blocks: AsyncIterable<TextBlock>, separator: string): AsyncGenerator<Fields> {
  for await (const block of blocks) {
    const lines = splitLines(block.text);
    for (const [i, text] of lines.entries()) {
      if (text === "") continue;
      const fields = text.split(separator);
      if (fields.length === 1 && BLANK.test(text)) continue;
      const ahead = () => `${lines.slice(i, i + LOOKED_AT).join("\n")}\n`;
      yield { fields, line: block.line + i, ahead };
    }
  }
}

/**
 * Rows of a file whose fields may be quoted (RFC 4180): a quoted field may contain separators, line breaks and doubled quotes. A
 * quote counts only at the start of a field, and whitespace after a closing one is dropped. Errors: DataError naming the line for an unclosed quote or
 * text after a closing one.
 */
export async function* readQuoted(
  name: string,
  blocks: AsyncIterable<TextBlock>,
  separator: string,
): AsyncGenerator<Fields> {
  let open: OpenRow | undefined;
  let enough = 0;
  for await (const block of blocks) {
    const text = (open?.text ?? "") + block.text;
    if (open && text.length > LONGEST) throw neverClosed(name, open);
    if (open) open = { ...open, text };
    // Each attempt reads an open row from its beginning, so the next one waits for twice the text.
    if (text.length < enough) continue;
    open = yield* cutRows(name, { text, line: open?.line ?? block.line }, separator);
    enough = open ? 2 * open.text.length : 0;
  }
  if (open) open = yield* cutRows(name, open, separator);
  if (open) throw neverClosed(name, open);
}

/** The fields of a text's first row, with quotes; undefined if the row does not end. Errors: as {@link readQuoted}. */
export function firstQuoted(text: string, separator: string): readonly string[] | undefined {
  const { done, value } = cutRows("", { text, line: 1 }, separator, 1).next();
  return done ? undefined : value.fields;
}

/** Whether the first row of a text, read with quotes, has `width` fields or does not end. */
export function fitsQuoted(text: string, separator: string, width: number): boolean {
  if (!text.startsWith('"') && !text.includes(`${separator}"`)) return false;
  try {
    const fields = firstQuoted(text, separator);
    return fields === undefined || fields.length === width;
  } catch {
    return false;
  }
}

/** A row with an open quote, and the text after it. */
interface OpenRow extends TextBlock {
  /** The line of the quote. */
  readonly quote: number;
}

/** Parses whole lines into at most `most` rows. Returns an open row, if any. Errors: as {@link readQuoted}. */
function* cutRows(
  name: string,
  block: TextBlock,
  separator: string,
  most?: number,
): Generator<Fields, OpenRow | undefined> {
  const lines = new UnixLines(block);
  const { text } = lines;
  const rows: Fields[] = [];
  let [from, line] = [0, lines.first];
  let failed: ParseError | undefined;
  Papa.parse<string[]>(text, {
    delimiter: separator,
    newline: "\n",
    step: ({ data, errors, meta }, parser) => {
      failed = errors[0];
      if (failed) return parser.abort();
      const row = text.slice(from, meta.cursor);
      if (data.length > 1 || !BLANK.test(row)) rows.push({ fields: lines.withEnds(data, line), line });
      if (rows.length === most) parser.abort();
      from = meta.cursor;
      line += lineEnds(row);
    },
  });
  yield* rows;
  if (!failed) return;
  if (failed.code !== "MissingQuotes") throw textFollows(name, lines, failed.index!);
  return { text: lines.from(from, line), line, quote: lines.lineOf(failed.index!) };
}

/**
 * A block's text for Papa Parse, with LF line ends, which are restored in fields. Papa Parse drops a byte-order
 * mark at the beginning of a text, but only that of a file is not text: an empty line before it protects it.
 */
class UnixLines {
  readonly text: string;
  readonly first: number;
  readonly #original: string;
  readonly #hasOthers: boolean;
  #ends: readonly string[] | undefined;

  constructor({ text, line }: TextBlock) {
    this.#original = text.startsWith("\ufeff") ? `\n${text}` : text;
    this.first = line - (this.#original.length - text.length);
    const unix = unixLines(this.#original);
    this.#hasOthers = text.includes("\r");
    this.text = unix.endsWith("\n") ? unix : `${unix}\n`;
  }

  /** The line of a position. */
  lineOf(at: number): number {
    return this.first + lineEnds(this.text.slice(0, at));
  }

  /** The original text from the beginning of `line` on. */
  from(at: number, line: number): string {
    const ends = this.#hasOthers ? this.#lineEnds().slice(0, line - this.first) : [];
    return this.#original.slice(at + ends.filter((end) => end.length > 1).length);
  }

  /** The fields of the row that begins on a line, with the line ends of the file. */
  withEnds(fields: string[], line: number): string[] {
    if (!this.#hasOthers || !fields.some((field) => field.includes("\n"))) return fields;
    const ends = this.#lineEnds();
    let at = line - this.first;
    return fields.map((field) => field.replace(/\n/g, () => ends[at++]!));
  }

  #lineEnds(): readonly string[] {
    this.#ends ??= this.#original.match(/\r\n?|\n/g)!;
    return this.#ends;
  }
}

function neverClosed(name: string, { quote }: OpenRow): DataError {
  return new DataError(`${name}:${quote}: a quote is opened and never closed`);
}

/** The error for text after the closing quote of the field at a position. */
function textFollows(name: string, lines: UnixLines, field: number): DataError {
  const closing = lines.text.slice(field).replaceAll('""', "  ").indexOf('"');
  return new DataError(`${name}:${lines.lineOf(field + closing)}: text follows a closing quote`);
}
