import { ConfigError } from "../../errors.js";
import type { Head, HeadFactory } from "./head.js";

/** The hidden states alone. */
export const base: HeadFactory = {
  architecture: "Model",
  labels: "none",
  create: (): Head => ({
    forward: () => ({}),
    loss: () => {
      throw new ConfigError('a model with the head "base" has no loss: labels mean nothing to it');
    },
  }),
};
