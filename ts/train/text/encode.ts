import type { Tokenizer } from "../../tokenizers/tokenizer.js";
import { Chunks } from "./chunks.js";
import type { Piece } from "./documents.js";
import { type Section, SectionWriter, widthOf } from "./segments.js";

/** Which tokens of texts continue a word: 1, and 0 for those that begin one, `[N]`. */
type WordMarks = (texts: readonly string[]) => Uint8Array;

/** What encodes a text. */
export interface Encoder {
  readonly tokenizer: Tokenizer;
  /** For tokenizers whose tokens do not tell whether they continue a word, where this has to be known. */
  readonly marks?: WordMarks | undefined;
}

/** Units that are encoded together. */
const TOGETHER = 2 ** 19;

/** Encodes a text in two sections: what is trained on, and what is held out. Yields their bytes, end to end. */
export class TextEncoding {
  readonly #encoder: Encoder;
  readonly width: 2 | 4;
  readonly #writers: readonly SectionWriter[];
  #texts: string[] = [];
  #isLast: boolean[] = [];
  #units = 0;

  constructor(encoder: Encoder) {
    this.#encoder = encoder;
    this.width = widthOf(encoder.tokenizer.vocabSize, encoder.marks !== undefined);
    this.#writers = [new SectionWriter(this.width), new SectionWriter(this.width)];
  }

  /** Both sections, after all bytes. */
  get sections(): readonly Section[] {
    return this.#writers.map(({ section }) => section);
  }

  async *bytes(pieces: AsyncIterable<Piece & { readonly isHeld: boolean }>): AsyncGenerator<Uint8Array> {
    const chunks = new Chunks();
    let [held, isOpen] = [false, false];
    for await (const { text, ends, isHeld } of pieces) {
      if (isHeld && !held) {
        if (isOpen) this.#take(chunks.end(), true);
        yield* this.#endSection(0);
        [held, isOpen] = [true, false];
      }
      this.#take(chunks.add(text), false);
      isOpen = true;
      if (ends) {
        this.#take(chunks.end(), true);
        isOpen = false;
      }
      if (this.#units >= TOGETHER) yield* this.#encode(held ? 1 : 0);
    }
    if (isOpen) this.#take(chunks.end(), true);
    if (!held) yield* this.#endSection(0);
    yield* this.#endSection(1);
  }

  #take(chunks: Iterable<string>, isEnd: boolean): void {
    for (const chunk of chunks) {
      this.#texts.push(chunk);
      this.#isLast.push(false);
      this.#units += chunk.length + 1;
    }
    if (!isEnd) return;
    // An empty text ends a document whose other chunks are encoded already.
    if (this.#texts.length === 0) {
      this.#texts.push("");
      this.#isLast.push(true);
    } else this.#isLast[this.#isLast.length - 1] = true;
    this.#units++;
  }

  *#encode(section: 0 | 1): Generator<Uint8Array> {
    const [texts, isLast, writer] = [this.#texts, this.#isLast, this.#writers[section]!];
    [this.#texts, this.#isLast, this.#units] = [[], [], 0];
    if (texts.length === 0) return;
    const { tokenizer, marks } = this.#encoder;
    const { ids, offsets } = tokenizer.encodeBatch(texts, { addSpecialTokens: false });
    const marked = marks?.(texts);
    const words = marked ? Uint32Array.from(ids, (id, i) => 2 * id + marked[i]!) : ids;
    for (const [i, text] of texts.entries()) {
      writer.count(text);
      yield* writer.add(words.subarray(offsets[i], offsets[i + 1]));
      if (isLast[i]) writer.endDocument();
    }
  }

  *#endSection(section: 0 | 1): Generator<Uint8Array> {
    yield* this.#encode(section);
    yield* this.#writers[section]!.end();
  }
}
