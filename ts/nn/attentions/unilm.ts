import { ShapeError } from "../../errors.js";
import type { Packed } from "../packed.js";
import type { Mask } from "./attention.js";

/**
 * UniLM's mask for sequence to sequence (Dong et al. 2019; RoFormer-Sim): tokens of type 0, which come first, see each other;
 * those of type 1 see them, and of their own kind those before.
 */
export function unilm({ offsets, types }: Packed): Mask {
  const prefix = Int32Array.from({ length: offsets.length - 1 }, (_, b) => {
    const own = types.subarray(offsets[b], offsets[b + 1]);
    const first = own.indexOf(1);
    const length = first < 0 ? own.length : first;
    const wrong = own.findIndex((type, t) => type !== (t < length ? 0 : 1));
    if (wrong >= 0)
      throw new ShapeError(`token type ${wrong} of sequence ${b}`, own[wrong], "0 … 0 1 … 1 for UniLM's mask");
    return length;
  });
  return { causal: true, prefix };
}
