import { ShapeError } from "../errors.js";
import { integers, type Tensor } from "../tensor/tensor.js";

/** Where B sequences end to end begin and end, and how far each of their N rows is from its sequence's start. */
export interface Sequences {
  /** Sequence b is `offsets[b] … offsets[b + 1]`; `[B + 1]`. */
  readonly offsets: Int32Array;
  /** Position of each row in its own sequence, `[N]`. */
  readonly positions: Int32Array;
}

/** B sequences of tokens end to end. */
export interface Packed extends Sequences {
  /** Ids, `[N]`. */
  readonly tokens: Int32Array;
  /** Token types, `[N]`. */
  readonly types: Int32Array;
  /** How many sequences in a row are the choices of one question (multiple choice); 1 unless given. */
  readonly choices?: number;
}

/** Positions are below this: a table of them has to fit into memory. */
const MOST_POSITIONS = 2 ** 24;

/** {@link Sequences} in the engine's memory: they live as long as the scope they were made in. */
export class SequenceBatch {
  /** What it was made from. */
  readonly packed: Sequences;
  /** Where the sequences begin and end: `[B + 1]`, integers. */
  readonly offsets: Tensor;
  /** Position of each row in its own sequence: `[N]`, integers. */
  readonly positions: Tensor;
  /** Largest position plus 1. */
  readonly reach: number;

  /** Errors: ShapeError where offsets and positions do not fit, or a position is 2²⁴ or more. */
  constructor(packed: Sequences) {
    const { offsets, positions } = packed;
    if (offsets.at(-1) !== positions.length)
      throw new ShapeError("batch: last offset", offsets.at(-1), `${positions.length}, the number of positions`);
    this.reach = positions.reduce((reach, position) => Math.max(reach, position + 1), 0);
    if (this.reach > MOST_POSITIONS)
      throw new ShapeError("batch: largest position", this.reach - 1, `below ${MOST_POSITIONS}`);
    this.packed = packed;
    this.offsets = integers(offsets);
    this.positions = integers(positions);
  }

  /** Number of sequences. */
  get sequences(): number {
    return this.packed.offsets.length - 1;
  }

  /** Row of each sequence's first token, `[B]`. Errors: ShapeError for a sequence without one. */
  firstTokens(): Int32Array {
    this.refuseEmpty();
    return this.packed.offsets.slice(0, -1);
  }

  /** Row of each sequence's last token, `[B]`. Errors: ShapeError for a sequence without one. */
  lastTokens(): Int32Array {
    this.refuseEmpty();
    return this.packed.offsets.slice(1).map((end) => end - 1);
  }

  private refuseEmpty(): void {
    const { offsets } = this.packed;
    const empty = offsets.findIndex((offset, b) => offset === offsets[b + 1]);
    if (empty >= 0) throw new ShapeError(`length of sequence ${empty}`, 0, "at least 1 token");
  }
}

/** A packed batch in the engine's memory: it lives as long as the scope it was made in. */
export class PackedBatch extends SequenceBatch {
  /** What it was made from. */
  declare readonly packed: Packed;
  /** Ids: `[N]`, integers. */
  readonly tokens: Tensor;
  /** Token types: `[N]`, integers. */
  readonly types: Tensor;

  /** Errors: ShapeError where the arrays do not fit each other, or a position is 2²⁴ or more. */
  constructor(packed: Packed) {
    const { tokens, positions, types } = packed;
    const N = tokens.length;
    if (positions.length !== N) throw new ShapeError("batch: positions", positions.length, `${N} numbers`);
    if (types.length !== N) throw new ShapeError("batch: types", types.length, `${N} numbers`);
    super(packed);
    this.tokens = integers(tokens);
    this.types = integers(types);
  }

  /** How many sequences in a row are the choices of one question. */
  get choices(): number {
    return this.packed.choices ?? 1;
  }
}

/**
 * Ids of B sequences, `[B][any]`, one after the other; positions count from 0 in each. Token types, as many as ids, are 0
 * unless given.
 */
export function pack(sequences: readonly ArrayLike<number>[], types?: readonly ArrayLike<number>[]): Packed {
  if (types && types.length !== sequences.length)
    throw new ShapeError("pack: number of rows of types", types.length, `${sequences.length}, that of the sequences`);
  const wrong = types?.findIndex((row, b) => row.length !== sequences[b]!.length) ?? -1;
  if (wrong >= 0)
    throw new ShapeError(
      `pack: length of types[${wrong}]`,
      types![wrong]!.length,
      `${sequences[wrong]!.length}, its sequence's`,
    );
  const offsets = new Int32Array(sequences.length + 1);
  for (const [b, ids] of sequences.entries()) offsets[b + 1] = offsets[b]! + ids.length;
  const N = offsets.at(-1)!;
  const packed = { tokens: new Int32Array(N), offsets, positions: new Int32Array(N), types: new Int32Array(N) };
  for (const [b, ids] of sequences.entries()) {
    packed.tokens.set(ids, offsets[b]);
    if (types) packed.types.set(types[b]!, offsets[b]);
    for (let t = 0; t < ids.length; t++) packed.positions[offsets[b]! + t] = t;
  }
  return packed;
}
