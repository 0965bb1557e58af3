import { ShapeError } from "../../errors.js";
import type { Packed } from "../packed.js";
import type { Targets } from "./head.js";

/** The labels of a batch's tokens, `[N]`. Errors: ShapeError for another number of them. */
export function tokenLabels({ tokens = new Int32Array(0) }: Targets, packed: Packed): Int32Array {
  const N = packed.tokens.length;
  if (tokens.length !== N) throw new ShapeError("labels", tokens.length, `a number for each of ${N} tokens`);
  return tokens;
}
