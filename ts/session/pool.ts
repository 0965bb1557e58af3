/// <reference lib="esnext.disposable" preserve="true" />
import { AbortError, ConfigError, EngineError } from "../errors.js";
import type { FileSource } from "../io/files.js";
import type { LoadOptions } from "../models/load.js";
import type { ModelOutput, OutputOf } from "../models/outputs.js";
import type { HeadName } from "../nn/heads/index.js";
import { checkOptions } from "../options.js";
import { platform } from "../platform/index.js";
import { onAbort } from "./aborts.js";
import { traced } from "./callers.js";
import { checkCall } from "./calls.js";
import { Member } from "./member.js";
import type { SessionModel } from "./model.js";
import { POOL, RUN } from "./options.js";
import { PoolModels } from "./poolModels.js";
import { ASKING, type Fact, factsOf } from "./protocol.js";
import { createSession, type Session, type SessionOptions } from "./session.js";

/** Settings of a pool. */
export interface PoolOptions extends SessionOptions {
  /**
   * Number of sessions.
   * @default one a core
   */
  readonly size?: number | undefined;
  /**
   * Requests that may wait for a session; one more is refused with an EngineError.
   * @default 10,000
   */
  readonly maxQueue?: number | undefined;
  /**
   * Threads of each session: independent requests gain more from another session than from another thread.
   * @default 1
   */
  readonly threads?: SessionOptions["threads"] | undefined;
}

/** Settings of {@link Pool.run}. */
export interface RunOptions {
  /** Takes the request out of the queue, with an AbortError; one that runs goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** Pipelines of a model that every session of a pool has: each call goes to one of them. */
export interface PoolModel<H extends HeadName = HeadName, O extends ModelOutput = OutputOf<H>>
  extends Pick<SessionModel<H, O>, (typeof ASKING)[number] | Fact> {
  /** Gives the memory in all sessions back. */
  close(): Promise<void>;
  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Requests that a session is sent before it has answered: one that runs, and one so that it never waits for the next. */
const AHEAD = 2;

/**
 * Starts `size` sessions, for requests that have nothing to do with each other.
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
  const started = await Promise.allSettled(Array.from({ length: size }, () => createSession({ ...rest, threads })));
  const sessions = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = started.find((one) => one.status === "rejected");
  if (failed === undefined) return new Pool(sessions, maxQueue);
  await Promise.all(sessions.map((session) => session.close()));
  throw failed.reason;
}

const closed = (): EngineError => new EngineError("the pool was closed", { reason: "closed" });

/** A request that waits for a session. */
interface Waiting {
  take(member: Member): void;
  refuse(error: EngineError): void;
}

/** Sessions that share requests. Made by {@link createPool}. */
export class Pool {
  readonly #members: readonly Member[];
  readonly #maxQueue: number;
  readonly #waiting: Waiting[] = [];
  /** Told when fewer requests wait. */
  #room: (() => void)[] = [];
  /** Those that asked whether there is room get their answers one after another, so that each can use it. */
  #asking: Promise<void> = Promise.resolve();
  /** Settled when every request so far is. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @internal */
  constructor(sessions: readonly Session[], maxQueue: number) {
    this.#members = sessions.map((session, index) => new Member(session, index));
    this.#maxQueue = maxQueue;
  }

  /** Number of sessions. */
  get size(): number {
    return this.#members.length;
  }

  /** Requests that wait for a session. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Loads the model of a Hugging Face folder into every session: its path, its URL, `hf:owner/name@revision`, or its files. See
   * {@link roformer!RoFormer.load}. A download comes once, where it is kept. Where one session cannot load it, none keeps it.
   *
   * @example
   * ```ts
   * const model = await pool.load("./my-model");
   * console.log(await Promise.all(["a text", "another"].map((text) => model.classify(text))));
   * ```
   * @throws CheckpointError that lists missing and wrongly shaped tensors, unless `strict` is false; ConfigError for a wrong field
   * of `config.json` or a wrong option; DataError for files that cannot be read; EngineError where there is no memory or where
   * the pool has ended; AbortError.
   */
  load<H extends HeadName = HeadName>(source: FileSource, options?: LoadOptions<H>): Promise<PoolModel<H>> {
    return traced(() => this.#load(source, options));
  }

  async #load<H extends HeadName>(source: FileSource, options: LoadOptions<H> | undefined): Promise<PoolModel<H>> {
    if (this.#closed) throw closed();
    const models = new PoolModels<H>((session) => session.load(source, options));
    try {
      const [first, ...others] = this.#members;
      const model = await models.on(first!);
      await Promise.all(others.map((member) => models.on(member)));
      return this.#pooled(models, model);
    } catch (error) {
      await models.close();
      throw error;
    }
  }

  /**
   * Runs `work` with the session that has least to do; `work` must not wait for another run. Results come in the order of the
   * requests. Errors: those of `work`; AbortError where `signal` is aborted while it waits; EngineError where `maxQueue` requests wait already,
   * and where the session's worker ends, or none can be started. (One that ended is started anew, and what {@link load} gave is loaded again.)
   */
  run<T>(work: (session: Session, index: number) => Promise<T>, options: RunOptions = {}): Promise<T> {
    // `work` is the caller's: what its own calls throw names their lines.
    const run = async () => {
      checkOptions("run", options, RUN);
      return this.#inOrder(({ session, index }) => work(session, index), options.signal);
    };
    return traced(run, { inner: true });
  }

  /**
   * Runs `work` for each item, which asks a model of the pool or calls {@link run}; results come in the order of the items. Items are
   * taken as sessions become free, so that a long stream stays where it comes from. What `work` or the source throws comes in its turn.
   */
  async *map<T, R>(
    items: Iterable<T> | AsyncIterable<T>,
    work: (item: T) => Promise<R>,
  ): AsyncGenerator<R, void, undefined> {
    const made: Promise<R>[] = [];
    const most = 2 * AHEAD * this.size;
    for await (const one of attempts(items)) {
      await this.ready();
      const result = (async () => {
        if ("error" in one) throw one.error;
        return work(one.item);
      })();
      result.catch(() => undefined); // it is told when its turn comes
      made.push(result);
      if (made.length >= most) yield await made.shift()!;
    }
    while (made.length > 0) yield await made.shift()!;
  }

  /** Resolves when another request may wait: in its turn, so that all who ask find room one after another. */
  ready(): Promise<void> {
    const mine = this.#asking.then(async () => {
      while (!this.#closed && this.#waiting.length >= this.#maxQueue)
        await new Promise<void>((resolve) => this.#room.push(resolve));
    });
    this.#asking = mine.then(() => platform.turn());
    return mine;
  }

  /** Ends all sessions; requests that wait are an EngineError. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#refuseAll(closed);
    await Promise.all(this.#members.map(({ session }) => session.close()));
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #inOrder<T>(work: (member: Member) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const before = this.#last;
    const mine = this.#dispatch(work, signal);
    this.#last = mine.then(
      () => before,
      () => before,
    );
    const result = await mine;
    await before;
    return result;
  }

  async #dispatch<T>(work: (member: Member) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const member = await this.#free(signal);
    try {
      return await work(member);
    } finally {
      member.running--;
      this.#next();
    }
  }

  /** The session that has least to do, when one has room. */
  #free(signal: AbortSignal | undefined): Promise<Member> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw closed();
      if (signal?.aborted) throw new AbortError("aborted", { cause: signal.reason });
      if (this.#waiting.length >= this.#maxQueue)
        throw new EngineError(`the pool's queue is full: ${this.#maxQueue} requests wait; await pool.ready() first`, {
          reason: "queue-full",
        });
      const mine: Waiting = {
        take: (member) => settle(() => resolve(member)),
        refuse: (error) => settle(() => reject(error)),
      };
      const forget = onAbort(signal, () => {
        this.#waiting.splice(this.#waiting.indexOf(mine), 1);
        this.#tellRoom();
        reject(new AbortError("aborted before a session was free", { cause: signal?.reason }));
      });
      const settle = (how: () => void) => {
        forget();
        how();
      };
      this.#waiting.push(mine);
      this.#next();
    });
  }

  /** Gives waiting requests to sessions that have room; one that has ended is started anew meanwhile. */
  #next(): void {
    if (this.#closed) return;
    for (const member of this.#members) {
      if (member.wantsRevival(this.#waiting.length > 0)) member.revive().then(() => this.#next());
    }
    while (this.#waiting.length > 0) {
      const there = this.#members.filter((member) => member.isUp && member.running < AHEAD);
      const [member] = there.sort((a, b) => a.running - b.running);
      if (member === undefined) break;
      member.running++;
      this.#waiting.shift()!.take(member);
      this.#tellRoom();
    }
    if (this.#members.every((member) => member.problem)) {
      const { problem } = this.#members[0]!;
      const reason = problem instanceof Error ? problem.message : String(problem);
      const message = `the pool has no session any more: ${reason}`;
      this.#refuseAll(() => new EngineError(message, { cause: problem, reason: "closed" }));
    }
  }

  /** An error each: every request has lines of its own in its stack. */
  #refuseAll(make: () => EngineError): void {
    for (const { refuse } of this.#waiting.splice(0)) refuse(make());
    this.#tellRoom();
  }

  #tellRoom(): void {
    const told = this.#room;
    this.#room = [];
    for (const tell of told) tell();
  }

  #pooled<H extends HeadName>(models: PoolModels<H>, model: SessionModel<H>): PoolModel<H> {
    const method =
      (name: (typeof ASKING)[number]) =>
      (...args: unknown[]) =>
        traced(async () => {
          checkCall(name, args);
          return this.#inOrder(
            async (member) => ((await models.on(member))[name] as (...args: unknown[]) => Promise<unknown>)(...args),
            (args.at(-1) as { signal?: AbortSignal } | undefined)?.signal,
          );
        });
    const close = () => models.close();
    return {
      ...factsOf(model),
      ...Object.fromEntries(ASKING.map((name) => [name, method(name)])),
      close,
      [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]: close,
    } as unknown as PoolModel<H>;
  }
}

/** Items, and what their source throws as the last of them. */
async function* attempts<T>(
  items: Iterable<T> | AsyncIterable<T>,
): AsyncGenerator<{ readonly item: T } | { readonly error: unknown }, void, undefined> {
  try {
    for await (const item of items) yield { item };
  } catch (error) {
    yield { error };
  }
}
