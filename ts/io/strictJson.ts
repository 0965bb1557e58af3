import { type Failure, utf8 } from "./json.js";
import { placeholderOf } from "./placeholders.js";

/** A number as written, if it is not an integer that JavaScript holds exactly. */
export interface NumberText {
  readonly text: string;
}

/** JSON of an untrusted file: objects are maps, so no key is special. */
export type StrictJson = null | boolean | string | number | NumberText | StrictJson[] | Map<string, StrictJson>;

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORDS: readonly [string, boolean | null][] = [
  ["true", true],
  ["false", false],
  ["null", null],
];
const [TAB, LINE_FEED, RETURN, SPACE, QUOTE, COMMA, COLON, DIGIT_0, DIGIT_9] = [9, 10, 13, 32, 34, 44, 58, 48, 57];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];

/**
 * Parses JSON more strictly than `JSON.parse`: a duplicate key in an object, or more than `depth` levels, is a SyntaxError, and
 * numbers keep digits that a double would lose.
 */
export function parseStrictJson(text: string, depth = 32): StrictJson {
  const parser = new Parser(text);
  const value = parser.value(depth);
  parser.end();
  return value;
}

/** Parses the UTF-8 bytes of JSON. Errors: `Failure` whose message begins with `where`. */
export function decodeStrictJson(bytes: Uint8Array, where: string, Failure: Failure): StrictJson {
  const other = placeholderOf(bytes);
  if (other !== undefined) throw new Failure(`${where} ${other}`);
  const text = utf8(bytes, { keepMark: true });
  if (text === undefined) throw new Failure(`${where} is not UTF-8 text`);
  try {
    return parseStrictJson(text);
  } catch (error) {
    throw new Failure(`${where} is not valid JSON: it ${(error as Error).message}`, { cause: error });
  }
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): StrictJson {
    const first = this.#peek();
    if (first === OPEN_OBJECT || first === OPEN_LIST) {
      if (depth === 0) this.#fail("is nested too deep");
      this.#at++;
      return first === OPEN_OBJECT ? this.#object(depth - 1) : this.#array(depth - 1);
    }
    if (first === QUOTE) return this.#string();
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#number();
  }

  end(): void {
    this.#peek();
    if (this.#at < this.#text.length) this.#fail("goes on after its end");
  }

  #object(depth: number): Map<string, StrictJson> {
    const found = new Map<string, StrictJson>();
    if (this.#next(CLOSE_OBJECT)) return found;
    for (;;) {
      if (this.#peek() !== QUOTE) this.#fail("lacks a string");
      const key = this.#string();
      if (found.has(key)) this.#fail(`has the key ${JSON.stringify(key)} twice`);
      if (!this.#next(COLON)) this.#fail("lacks a colon");
      found.set(key, this.value(depth));
      if (this.#next(CLOSE_OBJECT)) return found;
      if (!this.#next(COMMA)) this.#fail("lacks a comma or a closing brace");
    }
  }

  #array(depth: number): StrictJson[] {
    const found: StrictJson[] = [];
    if (this.#next(CLOSE_LIST)) return found;
    for (;;) {
      found.push(this.value(depth));
      if (this.#next(CLOSE_LIST)) return found;
      if (!this.#next(COMMA)) this.#fail("lacks a comma or a closing bracket");
    }
  }

  #string(): string {
    const start = this.#at;
    for (let end = this.#text.indexOf('"', start + 1); end >= 0; end = this.#text.indexOf('"', end + 1)) {
      let escapes = end;
      while (this.#text[escapes - 1] === "\\") escapes--;
      if ((end - escapes) % 2 === 1) continue;
      this.#at = end + 1;
      return this.#unquote(this.#text.slice(start, end + 1));
    }
    return this.#fail("has a string that does not end");
  }

  #unquote(quoted: string): string {
    try {
      return JSON.parse(quoted) as string;
    } catch {
      return this.#fail("has a string with a bad escape or a control character, which ends");
    }
  }

  #number(): number | NumberText {
    // Most numbers are short runs of digits, which are read without a regular expression.
    let [end, value] = [this.#at, 0];
    for (
      let code = this.#text.charCodeAt(end);
      code >= DIGIT_0 && code <= DIGIT_9;
      code = this.#text.charCodeAt(++end)
    ) {
      value = value * 10 + code - DIGIT_0;
    }
    const plain = end > this.#at && end - this.#at < 16 && !/[.eE]/.test(this.#text[end] ?? "");
    if (plain && (end - this.#at === 1 || this.#text.charCodeAt(this.#at) !== DIGIT_0)) {
      this.#at = end;
      return value;
    }
    NUMBER.lastIndex = this.#at;
    const text = NUMBER.exec(this.#text)?.[0];
    if (text === undefined) return this.#fail("lacks a value");
    this.#at += text.length;
    return /[.eE]/.test(text) || !Number.isSafeInteger(Number(text)) ? { text } : Number(text);
  }

  /** Skips whitespace, and consumes the next character if it is `wanted`; returns whether it did. */
  #next(wanted: number): boolean {
    if (this.#peek() !== wanted) return false;
    this.#at++;
    return true;
  }

  /** Skips whitespace and returns the next character; NaN at the end. */
  #peek(): number {
    let code = this.#text.charCodeAt(this.#at);
    while (code === SPACE || code === LINE_FEED || code === RETURN || code === TAB)
      code = this.#text.charCodeAt(++this.#at);
    return code;
  }

  #fail(what: string): never {
    throw new SyntaxError(`${what}, at character ${this.#at}`);
  }
}
