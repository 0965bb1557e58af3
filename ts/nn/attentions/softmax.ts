import { attention } from "../../ops/attention.js";
import { type Attention, rotate } from "./attention.js";

/** softmax(R q · R k / √D) v (RoFormer, eq. 2 with eq. 14). */
export const softmax = (): Attention => ({
  forward(q, k, v, call) {
    const { heads, batch, dropout, mask } = call;
    const keys = mask.keys ?? batch;
    return attention(rotate(q, call, batch), rotate(k, call, keys), v, {
      heads,
      queryOffsets: batch.offsets,
      keyOffsets: keys.offsets,
      causal: mask.causal ?? false,
      window: mask.window ?? 0,
      ...(dropout && { dropout }),
    });
  },
});
