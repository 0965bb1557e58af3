import type { Attention } from "./attention.js";
import { softmax } from "./softmax.js";

export type { Attention, AttentionCall, Mask } from "./attention.js";

/** Attentions by name. A new one is a file and a line; `test/conformance/attentions.test.ts` runs over all. */
export const attentions = { softmax } satisfies Record<string, () => Attention>;

/** A registered attention. */
export type AttentionName = keyof typeof attentions;
