/** Engines in workers, beside the thread that asks: `roformer/session`. */
export { transfer } from "comlink";
export type { SessionModel, SessionParameter, SessionTokenizer } from "./model.js";
export { createPool, Pool, type PoolModel, type PoolOptions } from "./pool.js";
export { createSession, Session, type SessionOptions } from "./session.js";
