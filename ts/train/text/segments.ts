/**
 * Encoded text as bytes: segments of 2^16 tokens, of which the last one of a section may be shorter. Each has its ids, little-endian
 * words of 2 or 4 bytes, and then the positions within it where documents end, words of 4 bytes.
 */
export const SEGMENT = 2 ** 16;
const END_BYTES = 4;

/** Bytes of an id: its number, and whether its token continues a word if that is noted, in the lowest bit. */
export const widthOf = (vocabSize: number, hasWords: boolean): 2 | 4 =>
  vocabSize * (hasWords ? 2 : 1) <= 2 ** 16 ? 2 : 4;

/** A part of an encoded text: what is trained on, or what is held out. */
export interface Section {
  readonly tokens: number;
  /** Documents that end in each segment. */
  readonly ends: readonly number[];
  /** Code points of its text. */
  readonly characters: number;
  /** Bytes of its text in UTF-8. */
  readonly bytes: number;
}

/** Bytes of a section. */
export const sectionBytes = ({ tokens, ends }: Section, width: number): number =>
  tokens * width + END_BYTES * ends.reduce((sum, one) => sum + one, 0);

/** Packs a section: takes ids, and gives segments as they fill. */
export class SectionWriter {
  readonly #ids: Uint16Array | Uint32Array;
  #filled = 0;
  #ends: number[] = [];
  #tokens = 0;
  #open = 0;
  readonly #counts: number[] = [];
  #characters = 0;
  #bytes = 0;

  constructor(width: 2 | 4) {
    this.#ids = width === 2 ? new Uint16Array(SEGMENT) : new Uint32Array(SEGMENT);
  }

  /** Counts a text. */
  count(text: string): void {
    for (const character of text) {
      const code = character.codePointAt(0)!;
      this.#characters++;
      this.#bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    }
  }

  /** Adds words of ids. */
  *add(ids: ArrayLike<number>): Generator<Uint8Array> {
    this.#tokens += ids.length;
    this.#open += ids.length;
    for (let at = 0; at < ids.length; at++) {
      if (this.#filled === SEGMENT) yield this.#take();
      this.#ids[this.#filled++] = ids[at]!;
    }
  }

  /** Ends a document, if there is one. */
  endDocument(): void {
    if (this.#open === 0) return;
    this.#ends.push(this.#filled);
    this.#open = 0;
  }

  /** The last segment. Text after the last end of a document is one too. */
  *end(): Generator<Uint8Array> {
    this.endDocument();
    if (this.#filled > 0) yield this.#take();
  }

  /** What was written. */
  get section(): Section {
    return { tokens: this.#tokens, ends: this.#counts, characters: this.#characters, bytes: this.#bytes };
  }

  #take(): Uint8Array {
    const ids = this.#ids.subarray(0, this.#filled);
    const bytes = new Uint8Array(ids.byteLength + END_BYTES * this.#ends.length);
    bytes.set(new Uint8Array(ids.buffer, 0, ids.byteLength));
    bytes.set(new Uint8Array(Uint32Array.from(this.#ends).buffer), ids.byteLength);
    this.#counts.push(this.#ends.length);
    [this.#filled, this.#ends] = [0, []];
    return bytes;
  }
}

/** Reads parts of something that is in memory or in a file. */
export type ReadRange = (start: number, end: number) => Promise<Uint8Array>;

/** Reads a section: any tokens of it, and where its documents end. */
export class SectionReader {
  readonly section: Section;
  readonly #read: ReadRange;
  readonly #width: number;
  /** Where each segment begins, in bytes. */
  readonly #starts: Float64Array;

  constructor(section: Section, { read, start, width }: { read: ReadRange; start: number; width: number }) {
    [this.section, this.#read, this.#width] = [section, read, width];
    this.#starts = new Float64Array(section.ends.length);
    let at = start;
    for (const [i, ends] of section.ends.entries()) {
      this.#starts[i] = at;
      at += this.#tokensOf(i) * width + END_BYTES * ends;
    }
  }

  get length(): number {
    return this.section.tokens;
  }

  #tokensOf(segment: number): number {
    return Math.min(SEGMENT, this.section.tokens - segment * SEGMENT);
  }

  /** The tokens `[start, end)`, as they were written. */
  async tokens(start: number, end: number): Promise<Int32Array> {
    const found = new Int32Array(end - start);
    for (let at = start; at < end; ) {
      const segment = Math.floor(at / SEGMENT);
      const from = at - segment * SEGMENT;
      const until = Math.min(this.#tokensOf(segment), from + end - at);
      const first = this.#starts[segment]!;
      const bytes = await this.#read(first + from * this.#width, first + until * this.#width);
      found.set(this.#width === 2 ? words16(bytes) : words32(bytes), at - start);
      at += until - from;
    }
    return found;
  }

  /** Where documents end in a segment, as positions in the section; each document has a token. */
  async ends(segment: number): Promise<number[]> {
    const count = this.section.ends[segment]!;
    const first = this.#starts[segment]! + this.#tokensOf(segment) * this.#width;
    const bytes = await this.#read(first, first + END_BYTES * count);
    return Array.from(words32(bytes), (end) => segment * SEGMENT + end);
  }
}

/** Copies, since bytes of a file or of memory need not begin at a multiple of a word's size. */
const words16 = (bytes: Uint8Array): Uint16Array => new Uint16Array(bytes.slice().buffer);
const words32 = (bytes: Uint8Array): Uint32Array => new Uint32Array(bytes.slice().buffer);
