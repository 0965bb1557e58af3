import { ConfigError } from "../errors.js";
import { permutation } from "../random/philox.js";
import { streams } from "../random/streams.js";

/**
 * Maximum batches per pool, whose rows are sorted by length, and minimum pools per epoch: enough that
 * the rows of a batch are similar, few enough that epochs combine different rows.
 */
const [POOL, POOLS] = [16, 8];

/** The maximum size of a batch: rows, or tokens of all rows. */
export type BatchSize = { readonly rows: number } | { readonly tokens: number };

/**
 * Assigns rows to the batch of each training step. Every epoch uses all rows once, in a different order; rows of a batch have
 * similar length. A step's batch depends only on (lengths, size, seed, step), so a resumed run sees what an
 * uninterrupted one would have.
 *
 * All epochs have the same number of batches, the minimum for the size, and these are balanced: 100 rows by 32 are four
 * batches of 25, so that no gradient comes from a few rows. In tokens, a batch may exceed the size by less than its last row.
 */
export class Batches {
  /** Batches per epoch. */
  readonly perEpoch: number;
  readonly #lengths: ArrayLike<number>;
  /** The share of each row in a batch's size. */
  readonly #weights: Float64Array;
  readonly #seed: number;
  #epoch = -1;
  #batches: readonly (readonly number[])[] = [];

  /** `lengths`: tokens of each row; `seed`: the seed of the run. */
  constructor(lengths: ArrayLike<number>, size: BatchSize, seed: number) {
    const limit = "rows" in size ? size.rows : size.tokens;
    if (!(limit >= 1)) throw new ConfigError(`a batch's size is ${limit}, not 1 or more`);
    if (lengths.length === 0) throw new ConfigError("there are no rows to make batches of");
    this.#lengths = lengths;
    this.#weights = Float64Array.from({ length: lengths.length }, (_, i) => ("rows" in size ? 1 : lengths[i]!));
    this.#seed = seed;
    const total = this.#weights.reduce((sum, weight) => sum + weight, 0);
    this.perEpoch = Math.min(lengths.length, Math.max(1, Math.ceil(total / limit)));
  }

  /** The rows of step `step`, from 0. */
  at(step: number): readonly number[] {
    const epoch = Math.floor(step / this.perEpoch);
    if (epoch !== this.#epoch) {
      this.#batches = this.#order(epoch);
      this.#epoch = epoch;
    }
    return this.#batches[step % this.perEpoch]!;
  }

  /** The batches of an epoch: rows shuffled, sorted by length within pools, divided, and the batches shuffled. */
  #order(epoch: number): number[][] {
    const rows = Array.from(permutation(this.#lengths.length, this.#seed, streams.dataOrder, 2 * epoch));
    const pool = Math.min(POOL, Math.ceil(this.perEpoch / POOLS));
    const size = Math.ceil((rows.length * pool) / this.perEpoch);
    const pools: number[][] = [];
    for (let at = 0; at < rows.length; at += size) {
      pools.push(rows.slice(at, at + size).sort((a, b) => this.#lengths[a]! - this.#lengths[b]!));
    }
    const batches = cut(pools.flat(), this.#weights, this.perEpoch);
    return Array.from(permutation(batches.length, this.#seed, streams.dataOrder, 2 * epoch + 1), (i) => batches[i]!);
  }
}

/** All rows once, longest first, in batches of at most a size: for evaluation, where order does not matter. */
export function sortedBatches(lengths: ArrayLike<number>, size: BatchSize): number[][] {
  const rows = Array.from({ length: lengths.length }, (_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const batches: number[][] = [];
  let [batch, filled]: [number[], number] = [[], 0];
  for (const row of rows) {
    const weight = "rows" in size ? 1 : lengths[row]!;
    if (batch.length > 0 && filled + weight > ("rows" in size ? size.rows : size.tokens)) {
      batches.push(batch);
      [batch, filled] = [[], 0];
    }
    batch.push(row);
    filled += weight;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}

/** Divides rows into `count` non-empty runs of about equal weight. */
function cut(rows: readonly number[], weights: Float64Array, count: number): number[][] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const batches: number[][] = [];
  let [at, reached] = [0, 0];
  for (let i = 1; i <= count; i++) {
    const batch: number[] = [];
    const goal = (total * i) / count;
    const spare = rows.length - (count - i);
    while (at < spare && (batch.length === 0 || i === count || reached < goal)) {
      reached += weights[rows[at]!]!;
      batch.push(rows[at++]!);
    }
    batches.push(batch);
  }
  return batches;
}
