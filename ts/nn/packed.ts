import { ShapeError } from "../errors.js";
import { integers, type Tensor } from "../tensor/tensor.js";

/** B sequences end to end. */
export interface Packed {
  /** Ids, `[N]`. */
  readonly tokens: Int32Array;
  /** Sequence b is `offsets[b] … offsets[b + 1]`; `[B + 1]`. */
  readonly offsets: Int32Array;
  /** Position of each token in its own sequence, `[N]`. */
  readonly positions: Int32Array;
  /** Token types, `[N]`. */
  readonly types: Int32Array;
}

/** Positions are below this: a table of them has to fit into memory. */
const MOST_POSITIONS = 2 ** 24;

/** A packed batch in the engine's memory: it lives as long as the scope it was made in. */
export class PackedBatch {
  readonly packed: Packed;
  readonly tokens: Tensor;
  readonly offsets: Tensor;
  readonly positions: Tensor;
  readonly types: Tensor;
  /** Largest position plus 1. */
  readonly reach: number;

  constructor(packed: Packed) {
    const N = packed.tokens.length;
    if (packed.positions.length !== N)
      throw new ShapeError("batch: positions", packed.positions.length, `${N} numbers`);
    if (packed.types.length !== N) throw new ShapeError("batch: types", packed.types.length, `${N} numbers`);
    if (packed.offsets.at(-1) !== N) throw new ShapeError("batch: last offset", packed.offsets.at(-1), `${N} tokens`);
    this.reach = packed.positions.reduce((reach, position) => Math.max(reach, position + 1), 0);
    if (this.reach > MOST_POSITIONS)
      throw new ShapeError("batch: largest position", this.reach - 1, `below ${MOST_POSITIONS}`);
    this.packed = packed;
    this.tokens = integers(packed.tokens);
    this.offsets = integers(packed.offsets);
    this.positions = integers(packed.positions);
    this.types = integers(packed.types);
  }

  /** Number of sequences. */
  get sequences(): number {
    return this.packed.offsets.length - 1;
  }

  /** Row of each sequence's first token; refuses a sequence without one. */
  firstTokens(): Int32Array {
    const { offsets } = this.packed;
    const empty = offsets.findIndex((offset, b) => offset === offsets[b + 1]);
    if (empty >= 0) throw new ShapeError(`length of sequence ${empty}`, 0, "at least 1 token");
    return offsets.slice(0, -1);
  }
}

/** Ids of sequences, one after the other; positions count from 0 in each, token types are 0 unless given. */
export function pack(sequences: readonly ArrayLike<number>[], types?: readonly ArrayLike<number>[]): Packed {
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
