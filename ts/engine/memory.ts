import { EngineError } from "../errors.js";
import { engine, view } from "./engine.js";

/** What the engine's memory holds, in bytes. */
export interface MemoryReport {
  /** What tensors and the kernels' working memory hold. */
  readonly used: number;
  /** The most that they have held at a time. */
  readonly peak: number;
  /** What they may hold: `init({ maxMemory })`. */
  readonly limit: number;
  /** Size of the module's memory, which only grows: what is free in it is used again. */
  readonly total: number;
  /** Number of tensors, and of parts of them, that live. */
  readonly slots: number;
}

/** What the engine's memory holds. Starts the engine where that can be done at once; else an EngineError. */
export function memory(): MemoryReport {
  const kernels = engine();
  return {
    used: kernels.used_bytes() + kernels.scratch_bytes(),
    peak: kernels.peak_bytes(),
    limit: kernels.limit_bytes(),
    total: view(0, 0).buffer.byteLength,
    slots: kernels.live(),
  };
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
