import { ConfigError } from "../errors.js";

/** Runs a training. A worker's script has no writer of event files, which a page would load for nothing. Errors: ConfigError. */
export async function watched<T, O extends { readonly tensorboard?: string | undefined }>(
  options: O,
  train: (options: O) => Promise<T>,
): Promise<T> {
  if (options.tensorboard !== undefined)
    throw new ConfigError(
      "tensorboard: a session writes no event files; pass the listeners of tensorBoard(folder), from roformer/train",
    );
  return train(options);
}
