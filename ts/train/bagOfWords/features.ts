import { characterGrams, type Grams, type Range, wordGrams } from "./grams.js";
import type { Breath, SparseRows } from "./sparse.js";

/** What is counted in a text. */
export interface FeatureSettings {
  /** Words of an n-gram. Undefined: no words. */
  readonly words: Range | undefined;
  /** Characters of an n-gram. Undefined: no characters. */
  readonly characters: Range | undefined;
  /** Columns that the hashes of one kind of n-gram of one text of a row share. */
  readonly buckets: number;
  /** Whether rare n-grams count for more. */
  readonly idf: boolean;
}

/** Texts of rows; `pairs` has a row's second text, or nothing at all. */
export interface RowTexts {
  readonly texts: readonly string[];
  readonly pairs: readonly (string | undefined)[] | undefined;
}

/** Characters of a text that are read. */
export const LONGEST = 2 ** 17;

/**
 * Features of texts: hashed counts of n-grams as scikit-learn's HashingVectorizer without alternating signs, weighted as its
 * TfidfTransformer does with smooth IDF, each block of columns of length 1. Blocks: words and characters of the text, then of its pair.
 */
export class Features {
  /** Whether rows may have a second text. */
  readonly hasPairs: boolean;
  /** Blocks of columns, and so the greatest squared length of a row. */
  readonly blocks: number;
  readonly #buckets: number;
  /** Readers of the blocks of one text of a row. */
  readonly #grams: readonly Grams[];
  #weights: Float64Array | undefined;
  /** Which column each bucket has that occurs in the training rows, from 0; −1 for the others, which know nothing. */
  #columns: Int32Array | undefined;
  #count = 0;

  constructor({ words, characters, buckets }: FeatureSettings, hasPairs: boolean) {
    this.#grams = [...(words ? [wordGrams(words)] : []), ...(characters ? [characterGrams(characters)] : [])];
    this.hasPairs = hasPairs;
    this.blocks = this.#grams.length * (hasPairs ? 2 : 1);
    this.#buckets = buckets;
  }

  /** Columns of the rows. */
  get count(): number {
    return this.#count;
  }

  /** Learns which columns there are and their weights; returns the rows that it learned from. */
  async fit(texts: RowTexts, idf: boolean, breath: Breath): Promise<SparseRows> {
    const rows = await this.#counts(texts, breath);
    const seen = new Int32Array(this.blocks * this.#buckets);
    for (const column of rows.columns) seen[column]!++;
    const n = rows.starts.length - 1;
    this.#columns = new Int32Array(seen.length).fill(-1);
    if (idf) this.#weights = new Float64Array(seen.length);
    for (let bucket = 0; bucket < seen.length; bucket++) {
      if (this.#weights) this.#weights[bucket] = Math.log((1 + n) / (1 + seen[bucket]!)) + 1;
      if (seen[bucket]! > 0) this.#columns[bucket] = this.#count++;
    }
    return this.#weigh(rows);
  }

  /** Rows of other texts. */
  async transform(texts: RowTexts, breath: Breath): Promise<SparseRows> {
    return this.#weigh(await this.#counts(texts, breath));
  }

  /** How often each bucket occurs in each row. */
  async #counts({ texts, pairs }: RowTexts, breath: Breath): Promise<SparseRows> {
    const rows = new Counts(this.blocks * this.#buckets);
    for (let i = 0; i < texts.length; i++) {
      rows.begin();
      this.#read(texts[i]!, 0, rows);
      if (pairs) this.#read(pairs[i] ?? "", this.#grams.length, rows);
      await breath();
    }
    return rows.end();
  }

  #read(text: string, firstBlock: number, rows: Counts): void {
    for (const [i, grams] of this.#grams.entries()) {
      const base = (firstBlock + i) * this.#buckets;
      // A bucket as scikit-learn's: the remainder of the absolute value.
      for (const hash of grams(text.slice(0, LONGEST))) rows.add(base + (Math.abs(hash) % this.#buckets));
    }
  }

  /** Weights of buckets, lengths of 1 for blocks, and columns instead of buckets. */
  #weigh({ starts, columns: buckets, values }: SparseRows): SparseRows {
    const lengths = new Float64Array(this.blocks);
    const weight = (j: number) => values[j]! * (this.#weights?.[buckets[j]!] ?? 1);
    let kept = 0;
    const newStarts = new Int32Array(starts.length);
    for (let i = 0; i + 1 < starts.length; i++) {
      const [from, to] = [starts[i]!, starts[i + 1]!];
      lengths.fill(0);
      for (let j = from; j < to; j++) lengths[this.#blockOf(buckets[j]!)]! += weight(j) ** 2;
      for (let j = from; j < to; j++) {
        const column = this.#columns![buckets[j]!]!;
        if (column < 0) continue;
        const value = weight(j) / Math.sqrt(lengths[this.#blockOf(buckets[j]!)]!);
        [buckets[kept], values[kept]] = [column, value];
        kept++;
      }
      newStarts[i + 1] = kept;
    }
    return { starts: newStarts, columns: buckets.subarray(0, kept), values: values.subarray(0, kept) };
  }

  #blockOf(bucket: number): number {
    return Math.floor(bucket / this.#buckets);
  }
}

/** Rows of counts as they grow. */
class Counts {
  #columns = new Int32Array(2 ** 16);
  #values = new Float32Array(2 ** 16);
  readonly #starts: number[] = [];
  #size = 0;
  /** Where each column last occurred. */
  readonly #places: Int32Array;

  constructor(columns: number) {
    this.#places = new Int32Array(columns).fill(-1);
  }

  /** Begins the next row. */
  begin(): void {
    this.#starts.push(this.#size);
  }

  /** Counts a column of the row that was begun last. */
  add(column: number): void {
    const place = this.#places[column]!;
    if (place >= this.#starts.at(-1)!) {
      this.#values[place]!++;
      return;
    }
    if (this.#size === this.#columns.length) this.#grow();
    this.#columns[this.#size] = column;
    this.#values[this.#size] = 1;
    this.#places[column] = this.#size++;
  }

  end(): SparseRows {
    return {
      starts: Int32Array.from([...this.#starts, this.#size]),
      columns: this.#columns.subarray(0, this.#size),
      values: this.#values.subarray(0, this.#size),
    };
  }

  #grow(): void {
    const [columns, values] = [new Int32Array(2 * this.#size), new Float32Array(2 * this.#size)];
    columns.set(this.#columns);
    values.set(this.#values);
    [this.#columns, this.#values] = [columns, values];
  }
}
