import { ConfigError } from "../errors.js";

/** What a table of rotations is made from. */
export interface RopeTableOptions {
  /** Numbers a head, D; even. */
  readonly headSize: number;
  /** The positions of the rows. */
  readonly positions: readonly number[];
  /** Base of the frequencies, θ; 10000 in the paper. */
  readonly theta?: number;
}

/** Angles by position: `[positions, D / 2]`. */
export interface RopeTable {
  /** θ^(−2i/D), radians a position. */
  readonly inverseFrequencies: number[];
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/** Sines and cosines of position · θ^(−2i/D), i = 0 … D/2 − 1, computed in f64 and rounded once (RoFormer, eq. 15). */
export function ropeTable({ headSize, positions, theta = 10000 }: RopeTableOptions): RopeTable {
  if (headSize % 2 !== 0 || headSize < 2)
    throw new ConfigError(`ropeTable: headSize is ${headSize}, not an even number`);
  const pairs = headSize / 2;
  const inverseFrequencies = Array.from({ length: pairs }, (_, i) => theta ** ((-2 * i) / headSize));
  const cos = new Float32Array(positions.length * pairs);
  const sin = new Float32Array(positions.length * pairs);
  for (const [row, position] of positions.entries()) {
    for (const [i, frequency] of inverseFrequencies.entries()) {
      cos[row * pairs + i] = Math.cos(position * frequency);
      sin[row * pairs + i] = Math.sin(position * frequency);
    }
  }
  return { inverseFrequencies, cos, sin };
}
