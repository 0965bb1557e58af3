/** A text as T tokens. */
export interface Encoding {
  /** Their ids, `[T]`. */
  readonly ids: number[];
  /** The tokens, as in the vocabulary, `[T]`. */
  readonly tokens: string[];
  /** The span of each token in its text, `[begin, end)` in UTF-16 units; `[0, 0]` for tokens outside the text. */
  readonly offsets: [number, number][];
  /** 1 for the second text of a pair, otherwise 0, `[T]`. */
  readonly typeIds: number[];
  /** 0 at padding, otherwise 1, `[T]`. */
  readonly attentionMask: number[];
  /** 1 at special tokens added by the tokenizer and at padding, otherwise 0, `[T]`. A special token that occurs in the text has 0. */
  readonly specialTokensMask: number[];
  /** The text of each token: 0, 1 for the second of a pair, null for none, `[T]`. */
  readonly sequenceIds: (number | null)[];
  /** The index of each token's word in its text; null for none, `[T]`. The tokenizer decides what a word is. */
  readonly wordIds: (number | null)[];
  /** Further windows of a truncated text; set if `stride` was given. */
  readonly overflow?: Encoding[];
}

const COLUMNS = 9;

const fromOne = (id: number): number | null => (id === 0 ? null : id - 1);

/**
 * The windows of an encoding as it crosses the boundary: `numbers` is `[windows, then for each: n, ids·n, type ids·n,
 * attention mask·n, begins·n, ends·n, UTF-16 units of tokens·n, special tokens mask·n, sequence ids·n, word ids·n]`, `text` all
 * tokens end to end. Sequence and word ids count from 1; 0 means none.
 */
export function unpack(numbers: Uint32Array, text: string): Encoding[] {
  const windows: Encoding[] = [];
  let [at, unit] = [1, 0];
  for (let window = 0; window < numbers[0]!; window++) {
    const n = numbers[at]!;
    const column = (i: number) => Array.from(numbers.subarray(at + 1 + i * n, at + 1 + (i + 1) * n));
    const [ends, lengths] = [column(4), column(5)];
    const tokens = lengths.map((length) => {
      unit += length;
      return text.slice(unit - length, unit);
    });
    const offsets = column(3).map((begin, i): [number, number] => [begin, ends[i]!]);
    windows.push({
      ...{ ids: column(0), tokens, offsets, typeIds: column(1), attentionMask: column(2) },
      ...{ specialTokensMask: column(6), sequenceIds: column(7).map(fromOne), wordIds: column(8).map(fromOne) },
    });
    at += 1 + COLUMNS * n;
  }
  return windows;
}
