import { Philox } from "../../random/philox.js";
import { streams } from "../../random/streams.js";
import { SEGMENT, type SectionReader } from "./segments.js";

/** Text cut into blocks of at most so many tokens, which an epoch has each once. */
export interface Blocks {
  /** How many there are. */
  readonly count: number;
  /** Ids of block `index` of an epoch. */
  read(index: number, epoch: number): Promise<Int32Array>;
}

/**
 * Blocks of about the same length that fill a text, documents one behind the other. In each epoch they begin elsewhere: the text is a
 * ring, and one block has its end and its beginning.
 */
export class PackedBlocks implements Blocks {
  readonly count: number;
  readonly #text: SectionReader;
  readonly #seed: number;
  readonly #window: number;

  constructor(text: SectionReader, window: number, seed: number) {
    [this.#text, this.#window, this.#seed] = [text, window, seed];
    this.count = Math.ceil(text.length / window);
  }

  async read(index: number, epoch: number): Promise<Int32Array> {
    const { length } = this.#text;
    const random = new Philox(this.#seed, streams.blockOffset, epoch);
    const offset = this.count === 1 ? 0 : random.below(this.#window);
    const start = (this.#border(index) + offset) % length;
    const end = start + this.#border(index + 1) - this.#border(index);
    if (end <= length) return this.#text.tokens(start, end);
    const [last, first] = [await this.#text.tokens(start, length), await this.#text.tokens(0, end - length)];
    return Int32Array.from([...last, ...first]);
  }

  /** Where a block begins, without an offset: the first ones may have a token more than the others. */
  #border(index: number): number {
    const least = Math.floor(this.#text.length / this.count);
    return index * least + Math.min(index, this.#text.length - least * this.count);
  }
}

/** Documents, each from its beginning; longer ones are cut into blocks of about the same length. */
export class DocumentBlocks implements Blocks {
  readonly count: number;
  readonly #text: SectionReader;
  readonly #window: number;
  readonly #least: number;
  /** Blocks before each segment in which documents end, and where the first of these documents begins. */
  readonly #before: Float64Array;
  readonly #begins: Float64Array;
  #last: { readonly segment: number; readonly blocks: Float64Array } | undefined;

  private constructor(text: SectionReader, window: number, least: number, segments: readonly Segment[]) {
    [this.#text, this.#window, this.#least] = [text, window, least];
    this.#before = Float64Array.from(segments, ({ before }) => before);
    this.#begins = Float64Array.from(segments, ({ begins }) => begins);
    this.count = segments.at(-1)?.after ?? 0;
  }

  /** Counts the blocks. Documents of fewer than `least` tokens have none. */
  static async open(text: SectionReader, window: number, least: number): Promise<DocumentBlocks> {
    const segments: Segment[] = [];
    let [before, begins] = [0, 0];
    for (let segment = 0; segment * SEGMENT < text.length; segment++) {
      let [after, start] = [before, begins];
      for (const end of await text.ends(segment)) {
        after += blocksOf(end - start, window, least);
        start = end;
      }
      segments.push({ before, begins, after });
      [before, begins] = [after, start];
    }
    return new DocumentBlocks(text, window, least, segments);
  }

  async read(index: number): Promise<Int32Array> {
    const segment = lastAtMost(this.#before, index);
    const blocks = await this.#blocksOf(segment);
    const at = 2 * (index - this.#before[segment]!);
    return this.#text.tokens(blocks[at]!, blocks[at + 1]!);
  }

  /** Where the blocks of the documents that end in a segment begin and end. */
  async #blocksOf(segment: number): Promise<Float64Array> {
    if (this.#last?.segment === segment) return this.#last.blocks;
    const found: number[] = [];
    let start = this.#begins[segment]!;
    for (const end of await this.#text.ends(segment)) {
      const count = blocksOf(end - start, this.#window, this.#least);
      const border = (i: number) => start + Math.round((i * (end - start)) / count);
      for (let i = 0; i < count; i++) found.push(border(i), border(i + 1));
      start = end;
    }
    const blocks = Float64Array.from(found);
    this.#last = { segment, blocks };
    return blocks;
  }
}

interface Segment {
  readonly before: number;
  readonly begins: number;
  readonly after: number;
}

const blocksOf = (length: number, window: number, least: number): number =>
  length < least ? 0 : Math.ceil(length / window);

/** The last index whose number is at most `value`, in numbers that rise; the last of equal ones. */
function lastAtMost(numbers: Float64Array, value: number): number {
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (numbers[middle]! <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
