import { ConfigError } from "../errors.js";

/**
 * Counter-based random numbers, which depend only on (seed, stream, step, index): Philox4x32-10 (Salmon et al., "Parallel random numbers:
 * as easy as 1, 2, 3", 2011), as in `crates/kernels/src/random.rs`. Key: the seed; counter: (index low, index high, stream, step).
 */
const ROUNDS = 10;
const [MULTIPLIER_0, MULTIPLIER_1] = [0xd2511f53, 0xcd9e8d57];
const [WEYL_0, WEYL_1] = [0x9e3779b9, 0xbb67ae85];

/** The upper 32 bits of a · b. */
function high(a: number, b: number): number {
  const [a0, a1, b0, b1] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const other = a0 * b1 + (middle & 0xffff);
  return (a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000)) >>> 0;
}

/** One block: four 32-bit words from a counter of four words and a key of two. */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = [c0, c2];
    c0 = (high(MULTIPLIER_1, b) ^ c1 ^ k0) >>> 0;
    c1 = Math.imul(MULTIPLIER_1, b) >>> 0;
    c2 = (high(MULTIPLIER_0, a) ^ c3 ^ k1) >>> 0;
    c3 = Math.imul(MULTIPLIER_0, a) >>> 0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** A seed as two 32-bit words, low word first. Errors: ConfigError if it is not an integer from 0 to 2^53 − 1. */
export function seedWords(seed: number): [number, number] {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ConfigError(`seed is ${seed}, not a whole number from 0 to 2^53 − 1`);
  }
  return [seed >>> 0, Math.floor(seed / 2 ** 32)];
}

/** One sequence of random numbers, read in order. */
export class Philox {
  readonly #key: [number, number];
  readonly #stream: number;
  readonly #step: number;
  #index = 0;
  #block: readonly number[] = [];

  /** `seed`: an integer from 0 to 2^53 − 1; `stream`: one of `streams`; `step`: the sequence of the stream. */
  constructor(seed: number, stream: number, step = 0) {
    this.#key = seedWords(seed);
    this.#stream = stream;
    this.#step = step;
  }

  /** The next 32 bits. Word i of the sequence is word i mod 4 of block i / 4. */
  word(): number {
    const at = this.#index++;
    if (at % 4 === 0) {
      const block = at / 4;
      this.#block = philox4x32([block >>> 0, Math.floor(block / 2 ** 32), this.#stream, this.#step], this.#key);
    }
    return this.#block[at % 4]!;
  }

  /** The next number in [0, 1), a multiple of 2^-24. */
  uniform(): number {
    return (this.word() >>> 8) / 2 ** 24;
  }

  /** The next integer in [0, n), uniformly distributed; `n` must be 1 to 2^32. */
  below(n: number): number {
    // Words beyond the last multiple of n would favor small numbers, so they are drawn again.
    const limit = 2 ** 32 - (2 ** 32 % n);
    for (;;) {
      const word = this.word();
      if (word < limit) return word % n;
    }
  }
}

/** A permutation of 0 … n - 1 that depends on (seed, stream, step): Fisher–Yates shuffle. */
export function permutation(n: number, seed: number, stream: number, step = 0): Uint32Array {
  const random = new Philox(seed, stream, step);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}
