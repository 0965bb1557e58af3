import { ConfigError, ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";

/**
 * Which numbers of a head are turned together: "interleaved" (x0, x1), (x2, x3), … (RoFormer, eq. 15), or "half" (x0, x_{d/2}),
 * (x1, x_{d/2+1}), … (the Llama family).
 */
export type RopeOrder = "interleaved" | "half";

/** A projection to queries or keys, in one order of its outputs. */
export interface ConvertRopeOptions {
  /** The matrix, `[heads · headSize, I]`, row by row. */
  readonly weight: ArrayLike<number>;
  /** The bias, `[heads · headSize]`, if there is one. */
  readonly bias?: ArrayLike<number> | undefined;
  /** Number of heads. */
  readonly heads: number;
  /** Numbers a head, D. */
  readonly headSize: number;
  /** Turned numbers a head; all unless given. The others stay in place. */
  readonly rotarySize?: number | undefined;
  /** The order that is wanted; `weight` is in the other one. */
  readonly to: RopeOrder;
}

const CONVERT: Names<ConvertRopeOptions> = {
  ...{ weight: true, bias: true, heads: true, headSize: true, rotarySize: true, to: true },
};

/** A projection to queries or keys, in the other order of its outputs. */
export interface ConvertedRope {
  /** The matrix, `[heads · headSize, I]`, row by row, copied. */
  weight: Float32Array;
  /** The bias, `[heads · headSize]`, if one was given. */
  bias?: Float32Array;
}

/**
 * Puts the outputs of a query or key projection into the other order of pairs. A model whose queries and keys are both
 * converted, and which then turns pairs of the other kind, computes the same scores. Values and the output projection stay as
 * they are, unless the model turns values. Errors: ConfigError for a wrong `to` or `rotarySize`, ShapeError for another number
 * of values.
 */
export function convertRope(options: ConvertRopeOptions): ConvertedRope {
  checkOptions("convertRope", options, CONVERT);
  const { weight, bias, heads, headSize, rotarySize = headSize, to } = options;
  if (to !== "interleaved" && to !== "half")
    throw new ConfigError(`convertRope: to is ${JSON.stringify(to)}, not "interleaved" or "half"`);
  if (rotarySize % 2 !== 0 || rotarySize < 0 || rotarySize > headSize)
    throw new ConfigError(`convertRope: ${rotarySize} numbers of ${headSize} are turned, not an even number of them`);
  const outputs = heads * headSize;
  if (outputs === 0 || weight.length % outputs !== 0)
    throw new ShapeError("convertRope: weight", weight.length, `a multiple of heads · headSize = ${outputs} numbers`);
  if (bias && bias.length !== outputs) throw new ShapeError("convertRope: bias", bias.length, `${outputs} numbers`);
  const order = rowOrder(heads, headSize, rotarySize, to);
  return { weight: permuted(weight, order), ...(bias && { bias: permuted(bias, order) }) };
}

/** The old row of each new one. */
function rowOrder(heads: number, headSize: number, rotarySize: number, to: RopeOrder): number[] {
  const half = rotarySize / 2;
  const within = Array.from({ length: headSize }, (_, j) => {
    if (j >= rotarySize) return j;
    if (to === "half") return j < half ? 2 * j : 2 * (j - half) + 1;
    return j % 2 === 0 ? j / 2 : half + (j - 1) / 2;
  });
  return Array.from({ length: heads }, (_, head) => within.map((j) => head * headSize + j)).flat();
}

function permuted(rows: ArrayLike<number>, order: readonly number[]): Float32Array {
  const [from, width] = [Float32Array.from(rows), rows.length / order.length];
  const to = new Float32Array(from.length);
  for (const [row, old] of order.entries()) to.set(from.subarray(old * width, (old + 1) * width), row * width);
  return to;
}
