import { attention } from "../../ops/attention.js";
import { integers, tensor } from "../../tensor/tensor.js";
import { type Attention, rotate } from "./attention.js";

/** softmax(R q · R k / √D + biases) v (RoFormer, eq. 2 with eq. 14). */
export const softmax = (): Attention => ({
  scores: true,
  forward(q, k, v, call) {
    const { heads, batch, position, dropout, mask } = call;
    const { keys = batch, prefix, ...seen } = mask;
    return attention(rotate(q, call, batch), rotate(k, call, keys), v, {
      ...seen,
      heads,
      queryOffsets: batch.offsets,
      keyOffsets: keys.offsets,
      queryPositions: batch.positions,
      keyPositions: keys.positions,
      ...(prefix && { prefix: integers(prefix) }),
      ...(position.slopes && { slopes: tensor(position.slopes) }),
      ...(dropout && { dropout }),
    });
  },
});
