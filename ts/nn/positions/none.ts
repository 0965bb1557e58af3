import type { Position } from "./position.js";

/** No position at all: the model sees a bag of tokens. */
export const none = (): Position => ({ kind: "none" });
