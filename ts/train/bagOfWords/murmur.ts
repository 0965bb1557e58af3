const [MULTIPLIER_1, MULTIPLIER_2] = [0xcc9e2d51, 0x1b873593];

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

const mixed = (word: number): number => Math.imul(rotate(Math.imul(word, MULTIPLIER_1), 15), MULTIPLIER_2);

/** MurmurHash3 x86 32 (Appleby) with seed 0 of `bytes[from … to)`, as a signed 32-bit number. */
export function murmur3(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  const tail = from + (length & ~3);
  let hash = 0;
  for (let i = from; i < tail; i += 4) {
    hash ^= mixed(bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
    hash = (Math.imul(rotate(hash, 13), 5) + 0xe6546b64) | 0;
  }
  if (tail < to) {
    let word = 0;
    for (let i = to - 1; i >= tail; i--) word = (word << 8) | bytes[i]!;
    hash ^= mixed(word);
  }
  return finished(hash ^ length);
}

function finished(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
