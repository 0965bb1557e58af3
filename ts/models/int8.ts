import { PACKED_ROWS, type Parameter } from "../tensor/parameter.js";

/**
 * The largest multiple of its row's scale that a number of a matrix is as int8: 63 where products read it as bytes, else 127, as in
 * tables of embeddings. Undefined for vectors, and for matrices of fewer than 8 rows, which stay as they are.
 */
export function largestMultiple({ shape, packable }: Parameter): 63 | 127 | undefined {
  if (shape.length !== 2 || shape[0]! < PACKED_ROWS || shape[1] === 0) return undefined;
  return packable ? 63 : 127;
}
