/** Bits an element takes, by safetensors' name of the type; F4 and F6 are packed. */
export const BITS: Readonly<Record<string, number>> = {
  ...{ F64: 64, I64: 64, U64: 64, C64: 64, F32: 32, I32: 32, U32: 32, F16: 16, BF16: 16, I16: 16, U16: 16 },
  ...{ I8: 8, U8: 8, BOOL: 8, F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8 },
  ...{ F6_E2M3: 6, F6_E3M2: 6, F4: 4 },
};

/** Writes the little-endian numbers of `bytes` to `to` as f32, from index `at` on. */
type Widen = (to: Float32Array, at: number, bytes: Uint8Array<ArrayBuffer>) => void;

/** The types that can be read as f32, each with how; all but F64 without loss. */
export const widen: Readonly<Record<string, Widen>> = {
  F32: (to, at, bytes) => new Uint8Array(to.buffer, to.byteOffset + 4 * at, bytes.length).set(bytes),
  F64: (to, at, bytes) => to.set(new Float64Array(bytes.slice().buffer), at),
  BF16: (to, at, bytes) => {
    const words = new Uint16Array(bytes.slice().buffer);
    const bits = new Uint32Array(to.buffer, to.byteOffset + 4 * at, words.length);
    for (let i = 0; i < words.length; i++) bits[i] = words[i]! << 16;
  },
  F16: (to, at, bytes) => {
    const words = new Uint16Array(bytes.slice().buffer);
    for (let i = 0; i < words.length; i++) to[at + i] = halfToNumber(words[i]!);
  },
};

/** The number that 16 bits of IEEE 754 mean. */
export function halfToNumber(bits: number): number {
  const [sign, exponent, fraction] = [bits >>> 15 === 0 ? 1 : -1, (bits >>> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}
