/**
 * Engines in workers, off the main thread: {@link createSession} starts one, {@link createPool} several.
 * @module roformer/session
 */
export type { WorkerSource } from "../platform/index.js";
export type { SessionModel, SessionParameter, SessionTokenizer } from "./model.js";
export type { PoolOptions, RunOptions as PoolRunOptions, SessionOptions } from "./options.js";
export { createPool, Pool } from "./pool.js";
export type { PoolModel } from "./poolModels.js";
export {
  createSession,
  type RuntimeWorker,
  Session,
  type SessionDistillResult,
  type SessionFinetuneResult,
  type SessionPretrainResult,
  type SessionStoppedDistillResult,
  type SessionStoppedPretrainResult,
  type SessionStoppedResult,
} from "./session.js";
export { transfer } from "./transfer.js";
