import { attention } from "../../ops/attention.js";
import { type Attention, rotate } from "./attention.js";
import { described } from "./described.js";

/** softmax(R q · R k / √D + biases) v (RoFormer, eq. 2 with eq. 14). */
export const softmax = (): Attention => ({
  scores: true,
  forward(q, k, v, call) {
    const { batch, dropout, mask } = call;
    const { keys = batch, bias } = mask;
    return attention(rotate(q, call, batch), rotate(k, call, keys), v, { batch: described(call), bias, dropout });
  },
});
