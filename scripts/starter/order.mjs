// An order of texts that looks random and hangs on the texts alone.
import { createHash } from "node:crypto";

/**
 * Sorts by the hash of seed and text.
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T) => string} text
 * @param {number} [seed]
 * @returns {T[]}
 */
export function shuffled(items, text, seed = 1) {
  const hash = (/** @type {T} */ item) =>
    createHash("sha256")
      .update(`${seed}:${text(item)}`)
      .digest("hex");
  return items
    .map((item) => ({ item, key: hash(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ item }) => item);
}
