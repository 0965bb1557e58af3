/** A number that is not a whole one which JavaScript holds exactly, as it was written. */
export interface NumberText {
  readonly text: string;
}

/** JSON as it stands in a file that is not trusted: objects are maps, so no name is special. */
export type StrictJson = null | boolean | string | number | NumberText | StrictJson[] | Map<string, StrictJson>;

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

/**
 * Parses JSON, where `JSON.parse` is too kind: a key twice in one object, or more than `depth` levels, is a SyntaxError, and
 * numbers keep what a double would lose.
 */
export function parseStrictJson(text: string, depth = 32): StrictJson {
  const parser = new Parser(text);
  const value = parser.value(depth);
  parser.end();
  return value;
}

class Parser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): StrictJson {
    this.#match(SPACE);
    const first = this.#text[this.#at];
    if (first === "{" || first === "[") {
      if (depth === 0) this.#fail("is nested too deep");
      this.#at++;
      return first === "{" ? this.#object(depth - 1) : this.#array(depth - 1);
    }
    if (first === '"') return this.#string();
    const word = this.#match(WORD);
    if (word !== undefined) return JSON.parse(word) as boolean | null;
    return this.#number();
  }

  end(): void {
    this.#match(SPACE);
    if (this.#at < this.#text.length) this.#fail("goes on after its end");
  }

  #object(depth: number): Map<string, StrictJson> {
    const found = new Map<string, StrictJson>();
    if (this.#next("}")) return found;
    for (;;) {
      this.#match(SPACE);
      const key = this.#string();
      if (found.has(key)) this.#fail(`has the key ${JSON.stringify(key)} twice`);
      if (!this.#next(":")) this.#fail("lacks a colon");
      found.set(key, this.value(depth));
      if (this.#next("}")) return found;
      if (!this.#next(",")) this.#fail("lacks a comma or a closing brace");
    }
  }

  #array(depth: number): StrictJson[] {
    const found: StrictJson[] = [];
    if (this.#next("]")) return found;
    for (;;) {
      found.push(this.value(depth));
      if (this.#next("]")) return found;
      if (!this.#next(",")) this.#fail("lacks a comma or a closing bracket");
    }
  }

  #string(): string {
    const start = this.#at;
    if (this.#text[start] !== '"') this.#fail("lacks a string");
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
    const text = this.#match(NUMBER);
    if (text === undefined) this.#fail("lacks a value");
    const value = Number(text);
    return /[.eE]/.test(text) || !Number.isSafeInteger(value) ? { text } : value;
  }

  /** True if the next character but space is `wanted`, which is then taken. */
  #next(wanted: string): boolean {
    this.#match(SPACE);
    if (this.#text[this.#at] !== wanted) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #fail(what: string): never {
    throw new SyntaxError(`${what}, at character ${this.#at}`);
  }
}
