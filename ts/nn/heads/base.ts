import { ConfigError } from "../../errors.js";
import { Pooler } from "../pooler.js";
import type { Head, HeadFactory, HeadOutput } from "./head.js";

/** The hidden states alone, and a vector a sequence where the model has a pooler. */
export const base: HeadFactory = {
  architecture: "Model",
  labels: "none",
  bare: true,
  keepsModules: true,
  create({ encoder, names, width, pooler: activation }): Head {
    const pooler = activation && new Pooler(encoder.at(names.pooler), width, activation);
    return {
      forward(hidden, batch): Record<string, HeadOutput> {
        return pooler ? { poolerOutput: { tensor: pooler.forward(hidden, batch), rows: "sequences" } } : {};
      },
      count: () => [],
      loss: () => {
        throw new ConfigError('a model with the head "base" has no loss: labels mean nothing to it');
      },
    };
  },
};
