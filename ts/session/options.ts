import type { EngineOptions } from "../engine/engine.js";
import { ENGINE } from "../engine/options.js";
import type { Names } from "../options.js";
import type { WorkerSource } from "../platform/index.js";

/** Settings of a session: those of its engine, and where its worker's script is. */
export interface SessionOptions extends EngineOptions {
  /**
   * The script of the worker, `roformer/worker`, if a bundler has put it elsewhere: its URL, a path in Node, or in browsers a
   * function that starts it.
   * @default the package's own
   */
  readonly worker?: WorkerSource | undefined;
}

/** Settings of a pool. */
export interface PoolOptions extends SessionOptions {
  /**
   * Number of sessions, at most 256.
   * @default the number of cores
   */
  readonly size?: number | undefined;
  /**
   * At most this many requests wait for a session; one more is refused with an EngineError.
   * @default 10,000
   */
  readonly maxQueue?: number | undefined;
  /**
   * Threads of each session. Independent requests gain more from another session than from another thread.
   * @default 1
   */
  readonly threads?: SessionOptions["threads"] | undefined;
}

/** Settings of `Pool.run`. */
export interface RunOptions {
  /** Takes a waiting request out of the queue, with an AbortError; one that runs goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** The names of {@link SessionOptions}. */
export const SESSION: Names<SessionOptions> = { ...ENGINE, worker: true };

/** The names of {@link RunOptions}. */
export const RUN: Names<RunOptions> = { signal: true };

/** The names of {@link PoolOptions}. */
export const POOL: Names<PoolOptions> = { ...SESSION, size: true, maxQueue: true };
