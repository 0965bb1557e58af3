import type { RunOptions } from "./settings/run.js";

/** Runs a training, with TensorBoard's event files if these are wanted. Errors: ConfigError where they cannot be written, and those of `train`. */
export async function watched<T>(options: RunOptions, train: (options: RunOptions) => Promise<T>): Promise<T> {
  if (options.tensorboard === undefined) return train(options);
  const { tensorBoard } = await import("./tensorboard/index.js");
  const board = await tensorBoard(options.tensorboard, options);
  try {
    return await train({
      ...options,
      onProgress: (event) => {
        board.onProgress(event);
        options.onProgress?.(event);
      },
      onEvaluation: async (event) => {
        await board.onEvaluation(event);
        return options.onEvaluation?.(event);
      },
    });
  } finally {
    await board.close();
  }
}
