import { ConfigError } from "../errors.js";
import { permutation } from "../random/philox.js";
import { streams } from "../random/streams.js";

/**
 * Batches whose rows are sorted by length together, at most, and the number of such pools that an epoch has at least: enough that
 * the rows of a batch are alike, few enough that other epochs put other rows together.
 */
const [POOL, POOLS] = [16, 8];

/** What a batch may hold: rows, or tokens of all its rows together. */
export type BatchSize = { readonly rows: number } | { readonly tokens: number };

/**
 * Which rows form the batch of each training step. Every epoch takes all rows once, in another order; rows of a batch are of
 * similar length. A step's batch follows from (lengths, size, seed, step) alone, so that a resumed run sees what an
 * uninterrupted one would have.
 *
 * All epochs have the same number of batches, the fewest that keep to the size, and these are alike: 100 rows by 32 are four
 * batches of 25, so no step has a gradient of a few rows. By tokens, a batch may exceed the size by less than its last row.
 */
export class Batches {
  /** Batches an epoch has. */
  readonly perEpoch: number;
  readonly #lengths: ArrayLike<number>;
  /** What a row takes of a batch's size. */
  readonly #weights: Float64Array;
  readonly #seed: number;
  #epoch = -1;
  #batches: readonly (readonly number[])[] = [];

  /** `lengths`: tokens of each row; `seed`: the run's. */
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

  /** An epoch's batches: rows shuffled, sorted by length within pools, cut, and the batches shuffled. */
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

/** All rows once, longest first, in batches that keep to a size: for evaluation, where order does not count. */
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

/** Cuts rows into `count` runs of about the same weight, none of them empty. */
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
