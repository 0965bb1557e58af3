import type { PositionName } from "../../../ts/nn/positions/index.js";

/** A position encoding in f64, as its paper writes it. What it lacks, its member must lack too. */
export interface PositionReference {
  /** Embeddings `x`, `[N, width]`, of tokens at `positions`; `parameters` are the values that the member declares, in order. */
  embed?(
    x: Float64Array,
    width: number,
    positions: ArrayLike<number>,
    parameters: readonly Float64Array[],
  ): Float64Array;
  /** A head's numbers, turned by a position. */
  turn?(row: Float64Array, position: number): Float64Array;
  /** How fast scores fall with the distance, by head. */
  slopes?(heads: number): readonly number[];
}

/** Angle of pair i of `size` numbers at `position` (RoFormer, eq. 15). */
const angle = (position: number, i: number, size: number) => position * 10000 ** ((-2 * i) / size);

/** RoFormer, eq. 34: x ⊗ cos + (−x2, x1, −x4, x3, …) ⊗ sin. */
function eq34(x: Float64Array, position: number): Float64Array {
  return x.map((value, d) => {
    const crossed = d % 2 === 0 ? -x[d + 1]! : x[d - 1]!;
    const theta = angle(position, Math.floor(d / 2), x.length);
    return value * Math.cos(theta) + crossed * Math.sin(theta);
  });
}

/** The Llama family's: x ⊗ cos + rotate_half(x) ⊗ sin, rotate_half(x) = (−second half, first half). */
function rotateHalf(x: Float64Array, position: number): Float64Array {
  const half = x.length / 2;
  return x.map((value, d) => {
    const crossed = d < half ? -x[d + half]! : x[d - half]!;
    const theta = angle(position, d % half, x.length);
    return value * Math.cos(theta) + crossed * Math.sin(theta);
  });
}

/** Vaswani et al. 2017, §3.5: PE(pos, 2i) = sin(pos / 10000^(2i/d)), PE(pos, 2i + 1) = cos(pos / 10000^(2i/d)). */
const sinusoid = (position: number, column: number, width: number) => {
  const theta = angle(position, Math.floor(column / 2), width);
  return column % 2 === 0 ? Math.sin(theta) : Math.cos(theta);
};

/** 2^(−8/n) … 2^(−8). */
const geometric = (n: number) => Array.from({ length: n }, (_, i) => 2 ** ((-8 / n) * (i + 1)));

/** `get_slopes` of the authors' code (Press et al. 2022): recursive where n is not a power of two. */
function getSlopes(n: number): readonly number[] {
  if (Number.isInteger(Math.log2(n))) return geometric(n);
  const closest = 2 ** Math.floor(Math.log2(n));
  const rest = getSlopes(2 * closest).filter((_, i) => i % 2 === 0);
  return [...geometric(closest), ...rest.slice(0, n - closest)];
}

/**
 * The naive twin of every registered position encoding. Twins are kept with the tests: the package ships none of them.
 */
export const positionReferences: Record<PositionName, PositionReference> = {
  rotary: { turn: eq34 },
  "rotary-half": { turn: rotateHalf },
  sinusoidal: {
    embed: (x, width, positions) =>
      x.map((value, i) => value + sinusoid(positions[Math.floor(i / width)]!, i % width, width)),
  },
  learned: {
    embed: (x, width, positions, [table]) =>
      x.map((value, i) => value + table![positions[Math.floor(i / width)]! * width + (i % width)]!),
  },
  alibi: { slopes: getSlopes },
  none: {},
};
