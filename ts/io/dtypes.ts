/** Bits per element, by safetensors' name of the type; F4 and F6 are packed. */
export const BITS: Readonly<Record<string, number>> = {
  ...{ F64: 64, I64: 64, U64: 64, C64: 64, F32: 32, I32: 32, U32: 32, F16: 16, BF16: 16, I16: 16, U16: 16 },
  ...{ I8: 8, U8: 8, BOOL: 8, F8_E4M3: 8, F8_E5M2: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8 },
  ...{ F6_E2M3: 6, F6_E3M2: 6, F4: 4 },
};

/** Writes the little-endian numbers of `bytes` to `to` as f32, from index `at` on. */
type Widen = (to: Float32Array, at: number, bytes: Uint8Array<ArrayBuffer>) => void;

/** How each type is converted to f32; all but F64 without loss. */
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

/** Whole numbers of a byte as f32: what they mean depends on their scales. */
export const widenBytes: Widen = (to, at, bytes) =>
  to.set(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length), at);

/** The value of 16 bits of IEEE 754. */
function halfToNumber(bits: number): number {
  const [sign, exponent, fraction] = [bits >>> 15 === 0 ? 1 : -1, (bits >>> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** The name of a type that weights can be saved in; int8: matrices as bytes with a scale for each row, the rest as f32. */
export type SavedDtype = "f32" | "f16" | "bf16" | "int8";
/** Types that tensors are written in, with safetensors' names. */
export const WRITTEN_DTYPES = { f32: "F32", f16: "F16", bf16: "BF16", int8: "I8" } as const satisfies Record<
  SavedDtype,
  string
>;
/** The type of numbers, each by itself. */
export type NumberDtype = Exclude<SavedDtype, "int8">;

/** Converts f32 numbers to the little-endian bytes of a type, rounding to nearest, ties to even. */
export const narrow: Readonly<Record<NumberDtype, (numbers: Float32Array) => Uint8Array>> = {
  f32: (numbers) => new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength),
  f16: (numbers) => narrowed(numbers, halfBits),
  bf16: (numbers) => narrowed(numbers, bfloatBits),
};

/** The 16 bits of each number, by the 32 of its f32. */
function narrowed(numbers: Float32Array, each: (bits: number) => number): Uint8Array {
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  return new Uint8Array(Uint16Array.from(bits, each).buffer);
}

function bfloatBits(bits: number): number {
  // The upper half of a NaN could be that of infinity.
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

function halfBits(bits: number): number {
  const [sign, size] = [(bits >>> 16) & 0x8000, bits & 0x7fffffff];
  if (size > 0x7f800000) return sign | 0x7e00;
  if (size >= 0x477ff000) return sign | 0x7c00; // 65520 and more: infinity
  if (size >= 0x38800000) return sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
  // Below 2⁻¹⁴ halves are multiples of 2⁻²⁴: the significand, with its hidden bit, shifted that far.
  const shift = 126 - (size >>> 23);
  if (shift > 25) return sign;
  const [digits, half] = [(size & 0x7fffff) | 0x800000, 1 << (shift - 1)];
  const whole = digits >>> shift;
  const rest = digits & ((1 << shift) - 1);
  return sign | (whole + (rest > half || (rest === half && (whole & 1) === 1) ? 1 : 0));
}
