// Damages files in ways that follow from a seed: bytes, text, JSON by structure, safetensors by header and data.

/** Numbers that readers stumble over. */
const NUMBERS = [
  ...[0, -1, 1, -0, 0.5, 3, 7, 65536, 65537, 1e7, 1e8, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32],
  ...[2 ** 53 - 1, 2 ** 53, -(2 ** 53), 1e308, -1e308, 1e-320],
];
const VALUES = [
  ...[null, true, false, "", "x", "\ud800", "__proto__", "../../x", "a".repeat(5000)],
  ...[[], {}, [[]], [1, 2, 3], { constructor: 1 }, ...NUMBERS],
];
/** JSON that `JSON.stringify` never writes. */
const RAW = [
  ...["1e999", "-1e999", "NaN", "Infinity", "00", "0x10", "+1", "1.", "-", "'x'", "undefined", "", "/*c*/1"],
  ...["9".repeat(400), "-9223372036854775809", '"\\ud800"', '"\\u0000"'],
  ...["[".repeat(2000) + "]".repeat(2000), `${'{"a":'.repeat(1000)}1${"}".repeat(1000)}`],
];
const KEYS = ["toString", "constructor", "hasOwnProperty", "then", "toJSON", "length", "0", "-1", ""];
const CHARACTERS = [
  ..."abcxyz019\"',:;[]{}()|\\/*+?.^$#@!-_ \t\r\n",
  ...["é", "ß", "北", "あ", "\u0301", "\u200d", "\u2028", "\ufeff", "\u00a0", "\ufffd", "😀", "𝒳", "\0"],
];
const PLACEHOLDER = "@@raw@@";

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const below = (random, n) => Math.floor(random() * n);
export const pick = (random, list) => list[below(random, list.length)];
/** Mostly few. */
const few = (random, most) => 1 + Math.floor(random() * random() * most);

/** Edits of a file's bytes: each gives the file as it is afterwards. */
const BYTE_EDITS = [
  (b, at, random) => (b.length > 0 ? b.fill(below(random, 256), at, at + 1) : b),
  (b, at, random) => (b.length > 0 ? b.fill(b[at] ^ (1 << below(random, 8)), at, at + 1) : b),
  (b, at, random) => Buffer.concat([b.subarray(0, at), b.subarray(at + few(random, 20))]),
  (b, at, random) => Buffer.concat([b.subarray(0, at), Buffer.from(pick(random, CHARACTERS)), b.subarray(at)]),
  (b, at, random) => Buffer.concat([b.subarray(0, at + few(random, 40)), b.subarray(at)]),
  (b, at) => b.subarray(0, at),
  (b, at, random) => overwrite(b, at, Int32Array.of(pick(random, NUMBERS))),
  (b, at, random) => overwrite(b, at, BigInt64Array.of(BigInt(Math.trunc(pick(random, NUMBERS) % 2 ** 63)))),
];

/** `b` with the bytes of `numbers` at a place, as far as they fit. */
function overwrite(b, at, numbers) {
  new Uint8Array(numbers.buffer).subarray(0, b.length - at).forEach((byte, i) => void b.writeUInt8(byte, at + i));
  return b;
}

export function mutateBytes(random, bytes, times = few(random, 12)) {
  let b = Buffer.from(bytes);
  for (let i = 0; i < times; i++) b = pick(random, BYTE_EDITS)(b, below(random, Math.max(1, b.length)), random);
  return b;
}

/** Edits of a list of characters, in place. */
const TEXT_EDITS = [
  (a, at, random) => a.splice(at, 1, pick(random, CHARACTERS)),
  (a, at, random) => a.splice(at, 0, pick(random, CHARACTERS)),
  (a, at, random) => a.splice(at, few(random, 15)),
  (a, at, random) => a.splice(at, 0, ...a.slice(at, at + few(random, 15))),
  (a, at) => a.splice(at),
  (a, at, random) => a.splice(at, 0, ...pick(random, CHARACTERS).repeat(pick(random, [10, 100, 3000]))),
];

export function mutateText(random, bytes, times = few(random, 10)) {
  const a = [...Buffer.from(bytes).toString()];
  for (let i = 0; i < times; i++) pick(random, TEXT_EDITS)(a, below(random, a.length + 1), random);
  return Buffer.from(a.join(""));
}

/** Paths of the values inside a value, at most 60 of each object's, to a depth of 60. */
function paths(value, at = [], found = []) {
  found.push(at);
  if (value === null || typeof value !== "object" || at.length === 60) return found;
  for (const key of Object.keys(value).slice(0, 60)) paths(value[key], [...at, key], found);
  return found;
}

const valueAt = (value, path) => path.reduce((inner, key) => inner[key], value);

/** Values to put in the place of one, which may be a number, a text or anything else. */
function replacement(random, value) {
  if (typeof value === "number" && random() < 0.5) return value * pick(random, [-1, 2, 10, 1e6, 0.1, 1 + 1e-9]);
  if (typeof value === "string" && random() < 0.5)
    return pick(random, ["(a+)+$", `${value}\0`, value.slice(1), value.repeat(2), "(?s).".repeat(50)]);
  return pick(random, VALUES);
}

const put = (holder, key, value) =>
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });

/** Edits of what stands at `key` of `holder`, in place. */
const JSON_EDITS = [
  (holder, key) => delete holder[key],
  (holder, key, random) => put(holder, key, replacement(random, holder[key])),
  (holder, key, random, root) => put(holder, key, structuredClone(valueAt(root, pick(random, paths(root))))),
  (holder, key, random) => Array.isArray(holder) || put(holder, pick(random, KEYS), holder[key]),
  (holder) => put(holder, "__proto__", { polluted: 1 }),
  (holder, key) => put(holder, key, PLACEHOLDER),
];

export function mutateJson(random, bytes) {
  const root = { value: JSON.parse(Buffer.from(bytes).toString()) };
  for (let i = few(random, 4); i > 0; i--) {
    const inside = paths(root).slice(1);
    if (inside.length === 0) break;
    const path = pick(random, inside);
    pick(random, JSON_EDITS)(valueAt(root, path.slice(0, -1)), path.at(-1), random, root);
  }
  const text = JSON.stringify(root.value) ?? "null";
  return Buffer.from(text.replace(`"${PLACEHOLDER}"`, () => pick(random, RAW)));
}

/** A JSON file, by structure mostly. */
export function mutateJsonFile(random, bytes) {
  const way = random();
  if (way < 0.7) return mutateJson(random, bytes);
  return way < 0.95 ? mutateText(random, bytes) : mutateBytes(random, bytes);
}

export function mutateSafetensors(random, bytes) {
  if (random() < 0.25) return mutateBytes(random, bytes);
  const size = Number(bytes.readBigUInt64LE(0));
  const header = mutateJsonFile(random, bytes.subarray(8, 8 + size));
  const data = random() < 0.15 ? mutateBytes(random, bytes.subarray(8 + size), 2) : bytes.subarray(8 + size);
  const length = Buffer.alloc(8);
  const announced = random() < 0.9 ? header.length : pick(random, [0, 1, header.length + 1, 1e8, 2 ** 53, 9e18]);
  length.writeBigUInt64LE(BigInt(announced));
  return Buffer.concat([length, header, data]);
}

/** A file whose header is right and whose numbers are not. */
export function mutateNumbers(random, bytes) {
  const b = Buffer.from(bytes);
  const start = 8 + Number(b.readBigUInt64LE(0));
  for (let i = 0; i < 20; i++) {
    const value = pick(random, [Number.NaN, Infinity, -Infinity, 3e38, -3e38, 1e-45, 0]);
    b.writeFloatLE(value, start + 4 * below(random, (b.length - start) / 4));
  }
  return b;
}
