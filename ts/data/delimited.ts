import { DataError } from "../errors.js";
import { LONGEST, lineEnds, splitLines, type TextBlock } from "./text.js";

/** The fields of one row, and the line it begins on. */
export interface Fields {
  readonly fields: readonly string[];
  readonly line: number;
  /** Where quotes do not count: the row's text and what was read with it, for a hint. */
  readonly ahead?: () => string;
}

/** A line of spaces is not a row, as in pandas (`skip_blank_lines`). */
const BLANK = /^[ \t]*$/;
/** Lines in which a quoted field is looked for to give a hint. */
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
 * Rows of a file whose fields may be quoted (RFC 4180): a quoted field may hold separators, line ends and doubled quotes. A
 * quote counts only where a field begins with it. A quote that stays open, or text after a closing one, is a DataError that
 * names the line.
 */
export async function* readQuoted(
  name: string,
  blocks: AsyncIterable<TextBlock>,
  separator: string,
): AsyncGenerator<Fields> {
  const records = new Records(name, separator);
  for await (const block of blocks) yield* records.read(block);
  records.end();
}

/** Whether the row that a text begins with has `width` fields, or does not end in it, where quotes count. */
export function fitsQuoted(text: string, separator: string, width: number): boolean {
  if (!text.startsWith('"') && !text.includes(`${separator}"`)) return false;
  const records = new Records("", separator);
  try {
    const { value } = records.read({ text, line: 1 }).next();
    return value === undefined || value.fields.length === width;
  } catch {
    return false;
  }
}

/** A quoted field that has not ended yet. */
interface OpenField {
  readonly parts: string[];
  readonly line: number;
  length: number;
}

/** Cuts blocks of text into rows; a row that a block leaves open goes on in the next one. */
export class Records {
  readonly #name: string;
  readonly #separator: string;
  #open: OpenField | undefined;
  /** The row so far. */
  #fields: string[] = [];
  #line = 1;
  #isQuoted = false;

  constructor(name: string, separator: string) {
    this.#name = name;
    this.#separator = separator;
  }

  /** The rows that end in a block. */
  *read({ text, line: first }: TextBlock): Generator<Fields> {
    const [separator, lineFeed, carriageReturn] = [this.#separator, "\n", "\r"].map((what) => finder(text, what));
    const fieldEnd = (at: number) => Math.min(separator!(at), lineFeed!(at), carriageReturn!(at));
    let [at, line] = [0, first];
    if (!this.#open) this.#line = line;
    while (at < text.length || this.#fields.length > 0) {
      if (!this.#open && text[at] === '"') {
        this.#open = { parts: [], line, length: 0 };
        at++;
      }
      if (this.#open) {
        const closed = this.#close(text, at);
        if (closed < 0) return;
        line += lineEnds(text.slice(at, closed));
        at = closed;
        this.#tail(text.slice(at, fieldEnd(at)), line);
      } else this.#fields.push(text.slice(at, fieldEnd(at)));
      at = fieldEnd(at);
      if (text[at] === this.#separator) {
        at++;
        continue;
      }
      yield* this.#finish();
      at += text.startsWith("\r\n", at) ? 2 : 1;
      this.#line = ++line;
    }
  }

  /** What the file leaves open is an error. */
  end(): void {
    if (this.#open) throw new DataError(`${this.#name}:${this.#open.line}: a quote is opened and never closed`);
  }

  /** Reads the open field on; where it ends, behind the closing quote, or -1. */
  #close(text: string, from: number): number {
    const open = this.#open!;
    for (let at = from; ; ) {
      const quote = text.indexOf('"', at);
      const doubled = quote >= 0 && text[quote + 1] === '"';
      const part = text.slice(at, quote < 0 ? undefined : doubled ? quote + 1 : quote);
      open.parts.push(part);
      open.length += part.length;
      if (open.length > LONGEST) this.end();
      if (quote < 0) return -1;
      if (!doubled) return quote + 1;
      at = quote + 2;
    }
  }

  /** Ends the open field with what follows its closing quote. */
  #tail(tail: string, line: number): void {
    if (!BLANK.test(tail)) throw new DataError(`${this.#name}:${line}: text follows a closing quote`);
    this.#fields.push(this.#open!.parts.join("") + tail);
    this.#open = undefined;
    this.#isQuoted = true;
  }

  *#finish(): Generator<Fields> {
    const fields = this.#fields;
    if (this.#isQuoted || fields.length > 1 || !BLANK.test(fields[0]!)) yield { fields, line: this.#line };
    this.#fields = [];
    this.#isQuoted = false;
  }
}

/** Finds the first `what` at or behind a place, or the end; asked from left to right, it reads the text once. */
function finder(text: string, what: string): (from: number) => number {
  let found = -1;
  return (from) => {
    if (found < from) {
      const at = text.indexOf(what, from);
      found = at < 0 ? text.length : at;
    }
    return found;
  };
}
