import { ConfigError } from "../errors.js";
import type { RunOptions } from "../train/settings/run.js";

/** Runs a training. A worker's script has no writer of event files, which a page would load for nothing. Errors: ConfigError. */
export async function watched<T>(options: RunOptions, train: (options: RunOptions) => Promise<T>): Promise<T> {
  if (options.tensorboard !== undefined)
    throw new ConfigError(
      "tensorboard: a session writes no event files; pass the listeners of tensorBoard(folder), from roformer/train",
    );
  return train(options);
}
