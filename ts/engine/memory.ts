import { EngineError } from "../errors.js";
import { engine, type MemoryReport, running } from "./engine.js";

/** What the engine's memory holds. Starts the engine where that can be done at once; else an EngineError. */
export function memory(): MemoryReport {
  return running().report();
}

/** From now on the peak of {@link memory} is that of what follows. */
export function resetPeak(): void {
  running().resetPeak();
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

/** A new slot of `words` 32-bit words; where there is no memory for them, the error says that `what` of this shape wanted it. */
export function allocate(words: number, what: string, shape: readonly number[]): number {
  try {
    return engine().alloc(words);
  } catch (error) {
    if (!(error instanceof EngineError) || error.reason !== "out-of-memory") throw error;
    const { used, limit } = memory();
    const needs = `${what} [${shape.join(", ")}] needs ${mebibytes(4 * words)}`;
    throw new EngineError(`out of memory: ${needs}, ${mebibytes(used)} of ${mebibytes(limit)} in use`, {
      cause: error,
      reason: "out-of-memory",
    });
  }
}
