// What every side is fed with.

/**
 * Numbers from −0.5 to 0.5 that follow from `seed` alone.
 * @param {number} size
 * @param {number} seed
 */
export function deterministic(size, seed) {
  let state = seed;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
}

/**
 * A padded batch of sequences: ids and a mask, both `[B][T]`.
 * @param {readonly number[]} lengths tokens of each
 * @param {number} vocabulary
 */
export function batchOf(lengths, vocabulary) {
  const T = Math.max(...lengths);
  const columns = Array.from({ length: T }, (_, t) => t);
  return {
    ids: lengths.map((length, b) =>
      columns.map((t) => (t < length ? 1 + ((7919 * b + 104_729 * t) % (vocabulary - 1)) : 0)),
    ),
    mask: lengths.map((length) => columns.map((t) => (t < length ? 1 : 0))),
  };
}

/**
 * `B` sequences of `T` tokens, without padding.
 * @param {number} B
 * @param {number} T
 */
export const full = (B, T) => /** @type {number[]} */ (new Array(B).fill(T));
