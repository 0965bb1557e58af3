import { ENGINE } from "../engine/options.js";
import type { Names } from "../options.js";
import type { PoolOptions, RunOptions } from "./pool.js";
import type { SessionOptions } from "./session.js";

/** The names of {@link SessionOptions}. */
export const SESSION: Names<SessionOptions> = { ...ENGINE, worker: true };

/** The names of {@link RunOptions}. */
export const RUN: Names<RunOptions> = { signal: true };

/** The names of {@link PoolOptions}. */
export const POOL: Names<PoolOptions> = { ...SESSION, size: true, maxQueue: true };
