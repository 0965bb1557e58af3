import type { AttentionFactory } from "./attention.js";
import { linear } from "./linear.js";
import { softmax } from "./softmax.js";

export type { Attention, AttentionCall, AttentionFactory, AttentionOptions, Mask } from "./attention.js";
export { type Recurrent, ROTATIONS, type Rotation } from "./linear.js";

/** Attentions by name. A new one is a file and a line; `test/conformance/attentions.test.ts` runs over all. */
export const attentions = {
  softmax,
  "linear-elu": linear("elu"),
  "linear-relu": linear("relu"),
  "linear-shen": linear("shen"),
  performer: linear("performer"),
  "performer-relu": linear("performer-relu"),
} satisfies Record<string, AttentionFactory>;

/** A registered attention. */
export type AttentionName = keyof typeof attentions;
