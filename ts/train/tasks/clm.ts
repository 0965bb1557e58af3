import { pack } from "../../nn/packed.js";
import type { TextTask } from "./task.js";

/** Causal language modeling: guess each token from those before it. */
export const clm = (maxLength: number): TextTask => ({
  head: "causal-lm",
  window: maxLength,
  least: 2,
  // The first token of a window is not guessed: it is the last one of the window before.
  stride: (length) => length - 1,
  batch(windows) {
    const packed = pack(windows.map(({ ids }) => ids));
    return { packed, targets: { tokens: packed.tokens } };
  },
  guesses: ({ packed }) => packed.tokens.length - (packed.offsets.length - 1),
});
