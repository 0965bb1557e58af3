import { permutation, philox4x32, seedWords } from "../../random/philox.js";
import { streams } from "../../random/streams.js";

/** Up to so many numbers, a shuffle is drawn as a list. */
const LISTED = 2 ** 16;
const ROUNDS = 6;

/** Where each of n blocks is in the order of an epoch. */
export type Order = (position: number) => number;

/**
 * A permutation of 0 … n − 1, n ≤ 2^53, that follows from (seed, epoch): up to 2^16 numbers a Fisher–Yates shuffle, of more a Feistel
 * network over the next power of 4, from which numbers of n on are sent through again (Black & Rogaway 2002), so that it takes no memory.
 */
export function shuffled(n: number, seed: number, epoch: number): Order {
  if (n <= LISTED) {
    const list = permutation(n, seed, streams.blockOrder, epoch);
    return (position) => list[position]!;
  }
  const bits = Math.ceil(Math.log2(n) / 2);
  const half = 2 ** bits;
  const key = seedWords(seed);
  const round = (number: number, word: number) => philox4x32([word, number, streams.blockOrder, epoch], key)[0] % half;
  const once = (x: number) => {
    let [left, right] = [Math.floor(x / half), x % half];
    for (let i = 0; i < ROUNDS; i++) [left, right] = [right, (left + round(i + 1, right)) % half];
    return left * half + right;
  };
  return (position) => {
    let at = once(position);
    while (at >= n) at = once(at);
    return at;
  };
}
