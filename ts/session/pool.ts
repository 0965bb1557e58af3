/// <reference lib="esnext.disposable" preserve="true" />
import { ConfigError } from "../errors.js";
import type { FileSource } from "../io/files.js";
import type { LoadOptions } from "../models/load.js";
import type { HeadName } from "../nn/heads/index.js";
import { checkOptions } from "../options.js";
import { platform } from "../platform/index.js";
import { traced } from "./callers.js";
import { Member } from "./member.js";
import { POOL, type PoolOptions, RUN, type RunOptions } from "./options.js";
import { orderedMap } from "./orderedMap.js";
import { type PoolModel, PoolModels, poolModel } from "./poolModels.js";
import { AHEAD, RequestQueue } from "./queue.js";
import { createSession, type Session } from "./session.js";

/** Most sessions of a pool: each has a thread and tens of megabytes of its own. */
const LARGEST = 256;

/**
 * Starts `size` sessions, for independent requests.
 *
 * @example
 * ```ts
 * const pool = await createPool({ size: 2 });
 * const model = await pool.load("./my-model");
 * for await (const { label } of pool.map(lines, (line) => model.classify(line))) console.log(label);
 * await pool.close();
 * ```
 * @throws EngineError where a worker or its engine does not start, ConfigError for a wrong option.
 */
export function createPool(options: PoolOptions = {}): Promise<Pool> {
  return traced(() => startPool(options));
}

async function startPool(options: PoolOptions): Promise<Pool> {
  checkOptions("createPool", options, POOL);
  const { size = platform.cores(), maxQueue = 10_000, threads = 1, ...rest } = options;
  for (const [name, count] of Object.entries({ size, maxQueue })) {
    if (!Number.isInteger(count) || count < 1)
      throw new ConfigError(`createPool: ${name} is ${String(count)}, not a whole number from 1`);
  }
  if (size > LARGEST) throw new ConfigError(`createPool: size is ${size}, more than ${LARGEST}`);
  const started = await Promise.allSettled(Array.from({ length: size }, () => createSession({ ...rest, threads })));
  const sessions = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = started.find((one) => one.status === "rejected");
  if (failed === undefined) return new Pool(sessions, maxQueue);
  await Promise.all(sessions.map((session) => session.close()));
  throw failed.reason;
}

/** Sessions that share requests. Made by {@link createPool}. */
export class Pool {
  readonly #members: readonly Member[];
  readonly #queue: RequestQueue;

  /** @internal */
  constructor(sessions: readonly Session[], maxQueue: number) {
    this.#members = sessions.map((session, index) => new Member(session, index));
    this.#queue = new RequestQueue(this.#members, maxQueue);
  }

  /** Number of sessions. */
  get size(): number {
    return this.#members.length;
  }

  /** Requests that wait for a session. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  /**
   * Loads the model of a Hugging Face folder into every session: its path, its URL, `hf:owner/name@revision`, or its files. See
   * {@link roformer!RoFormer.load}. Where downloads are kept, it is downloaded once. If one session cannot load it, none keeps it.
   *
   * @example
   * ```ts
   * const model = await pool.load("./my-model");
   * console.log(await Promise.all(["a text", "another"].map((text) => model.classify(text))));
   * ```
   * @throws CheckpointError that lists missing and wrongly shaped tensors, unless `strict` is false; ConfigError for a wrong field
   * of `config.json` or a wrong option; DataError for files that cannot be read; EngineError if memory is exhausted or
   * the pool has ended; AbortError.
   */
  load<H extends HeadName = HeadName>(source: FileSource, options?: LoadOptions<H>): Promise<PoolModel<H>> {
    return traced(() => this.#load(source, options));
  }

  async #load<H extends HeadName>(source: FileSource, options: LoadOptions<H> | undefined): Promise<PoolModel<H>> {
    this.#queue.checkOpen();
    const models = new PoolModels<H>((session) => session.load(source, options));
    try {
      const [first, ...others] = this.#members;
      const model = await models.on(first!);
      await Promise.all(others.map((member) => models.on(member)));
      return poolModel(this.#queue, models, model);
    } catch (error) {
      await models.close();
      throw error;
    }
  }

  /**
   * Runs `work` with the session that has least to do, and settles when `work` does: a slow request holds up no other. `work` must not
   * wait for another request of the pool. A session whose worker ends is started anew, and what {@link load} gave is loaded again.
   *
   * @throws what `work` throws; AbortError where `signal` is aborted while the request waits; EngineError where `maxQueue` requests
   * wait already, where the session's worker ends, or where none can be started.
   */
  run<T>(work: (session: Session, index: number) => Promise<T>, options: RunOptions = {}): Promise<T> {
    // `work` is the caller's: what its own calls throw names their lines.
    const run = async () => {
      checkOptions("run", options, RUN);
      return this.#queue.run(({ session, index }) => work(session, index), options.signal);
    };
    return traced(run, { inner: true });
  }

  /**
   * Runs `work`, which calls a model of the pool or {@link run}, for each item, and yields the results in the order of the items. Takes
   * items as sessions become free, so a long stream is never held in memory. Throws what `work` or the source throws in its turn.
   */
  map<T, R>(items: Iterable<T> | AsyncIterable<T>, work: (item: T) => Promise<R>): AsyncGenerator<R, void, undefined> {
    return orderedMap(items, work, { ahead: 2 * AHEAD * this.size, ready: () => this.ready() });
  }

  /** Resolves when another request may wait; for several callers one after another, so that each finds room. */
  ready(): Promise<void> {
    return this.#queue.ready();
  }

  /** Ends all sessions; requests that wait are rejected with an EngineError. */
  async close(): Promise<void> {
    this.#queue.close();
    await Promise.all(this.#members.map(({ session }) => session.close()));
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
