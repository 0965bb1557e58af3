/// <reference lib="esnext.disposable" preserve="true" />
import { AbortError, ConfigError, EngineError } from "../errors.js";
import type { FileSource } from "../io/files.js";
import type { LoadOptions } from "../models/load.js";
import { platform } from "../platform/index.js";
import type { SessionModel } from "./model.js";
import { createSession, type Session, type SessionOptions } from "./session.js";

/** Settings of a pool. */
export interface PoolOptions extends SessionOptions {
  /** Number of sessions; one a core unless given. */
  readonly size?: number | undefined;
  /** Requests that may wait for a session; one more is refused with an EngineError. 10,000 unless given. */
  readonly maxQueue?: number | undefined;
  /** Threads of each session; 1 unless given: independent requests gain more from another session than from another thread. */
  readonly threads?: SessionOptions["threads"];
}

/** Pipelines of a model that every session of a pool has loaded: each call goes to one of them. */
export interface PoolModel
  extends Pick<SessionModel, (typeof POOLED)[number] | "config" | "head" | "missing" | "unexpected" | "mismatched"> {
  /** Gives the memory in all sessions back. */
  close(): Promise<void>;
  /** `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What goes to any session: it changes nothing. */
const POOLED = ["classify", "embed", "search", "fillMask", "tagTokens", "answer", "choose", "forward"] as const;

/** Requests that a session is sent before it has answered: one that runs, and one so that it never waits for the next. */
const AHEAD = 2;

/** Starts `size` sessions, for requests that have nothing to do with each other. Errors: as `createSession`. */
export async function createPool(options: PoolOptions = {}): Promise<Pool> {
  const { size = platform.cores(), maxQueue = 10_000, threads = 1, ...rest } = options;
  for (const [name, count] of Object.entries({ size, maxQueue })) {
    if (!Number.isInteger(count) || count < 1)
      throw new ConfigError(`createPool: ${name} is ${count}, not a whole number from 1`);
  }
  const started = await Promise.allSettled(Array.from({ length: size }, () => createSession({ ...rest, threads })));
  const sessions = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const failed = started.find((one) => one.status === "rejected");
  if (failed === undefined) return new Pool(sessions, maxQueue);
  await Promise.all(sessions.map((session) => session.close()));
  throw failed.reason;
}

/** A model in all sessions, and how to load it into one that was started anew. */
interface Loaded {
  readonly load: (session: Session) => Promise<SessionModel>;
  readonly models: SessionModel[];
}

/** One of the pool's sessions. */
interface Member {
  readonly index: number;
  readonly session: Session;
  /** Requests that it has and has not answered. */
  running: number;
  state: "up" | "starting" | "gone";
}

/** Sessions that share requests. Made by {@link createPool}. */
export class Pool {
  readonly #members: readonly Member[];
  readonly #maxQueue: number;
  readonly #loaded = new Set<Loaded>();
  readonly #waiting: ((member: Member | EngineError) => void)[] = [];
  readonly #room: (() => void)[] = [];
  /** Settled when every request so far is. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @internal */
  constructor(sessions: readonly Session[], maxQueue: number) {
    this.#members = sessions.map((session, index) => ({ index, session, running: 0, state: "up" }));
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

  /** Loads a model into every session: see `RoFormer.load`. A download comes once, where it is kept. */
  async load(source: FileSource, options?: LoadOptions): Promise<PoolModel> {
    const load = (session: Session) => session.load(source, options);
    const [first, ...others] = this.#members;
    const model = await load(first!.session);
    const loaded: Loaded = {
      load,
      models: [model, ...(await Promise.all(others.map(({ session }) => load(session))))],
    };
    this.#loaded.add(loaded);
    return this.#pooled(loaded);
  }

  /**
   * Runs `work` with the session that has least to do; `work` must not wait for another run. Results come in the order of the requests. Errors: those of `work`;
   * AbortError where `signal` is aborted while it waits; EngineError where `maxQueue` requests wait already, and where the session's
   * worker ends. (It is then started anew, and models that {@link load} gave are loaded again.)
   */
  async run<T>(
    work: (session: Session, index: number) => Promise<T>,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<T> {
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

  /**
   * Runs `work` for each item, which asks a model of the pool or calls {@link run}; results come in the order of the items. Items are
   * taken as sessions become free, so that a long stream stays where it comes from. What `work` throws ends it when its turn comes.
   */
  async *map<T, R>(
    items: Iterable<T> | AsyncIterable<T>,
    work: (item: T) => Promise<R>,
  ): AsyncGenerator<R, void, undefined> {
    const made: Promise<R>[] = [];
    const most = 2 * AHEAD * this.size;
    for await (const item of items) {
      await this.ready();
      const result = work(item);
      result.catch(() => undefined); // it is told when its turn comes
      made.push(result);
      if (made.length >= most) yield await made.shift()!;
    }
    while (made.length > 0) yield await made.shift()!;
  }

  /** Resolves when another request may wait: at once while fewer than `maxQueue` do. */
  async ready(): Promise<void> {
    while (this.#waiting.length >= this.#maxQueue) await new Promise<void>((resolve) => this.#room.push(resolve));
  }

  /** Ends all sessions; requests that wait are an EngineError. */
  async close(): Promise<void> {
    this.#closed = true;
    const closed = new EngineError("the pool was closed");
    for (const wake of this.#waiting.splice(0)) wake(closed);
    for (const wake of this.#room.splice(0)) wake();
    await Promise.all(this.#members.map(({ session }) => session.close()));
  }

  /** {@link close}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #dispatch<T>(
    work: (session: Session, index: number) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const member = await this.#free(signal);
    try {
      return await work(member.session, member.index);
    } finally {
      member.running--;
      this.#next();
    }
  }

  /** The session that has least to do, when one has room. */
  #free(signal: AbortSignal | undefined): Promise<Member> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new EngineError("the pool was closed");
      if (signal?.aborted) throw new AbortError("aborted", { cause: signal.reason });
      if (this.#waiting.length >= this.#maxQueue)
        throw new EngineError(`the pool's queue is full: ${this.#maxQueue} requests wait; await pool.ready() first`);
      const wake = (member: Member | EngineError) => {
        signal?.removeEventListener("abort", leave);
        if (member instanceof EngineError) reject(member);
        else resolve(member);
      };
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(wake), 1);
        reject(new AbortError("aborted before a session was free", { cause: signal?.reason }));
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(wake);
      this.#next();
    });
  }

  #next(): void {
    for (const member of this.#members) {
      if (member.state === "up" && !member.session.alive && !this.#closed) void this.#revive(member);
    }
    while (this.#waiting.length > 0) {
      const there = this.#members.filter(({ state, running }) => state === "up" && running < AHEAD);
      const [member] = there.sort((a, b) => a.running - b.running);
      if (member === undefined) return;
      member.running++;
      this.#waiting.shift()!(member);
      this.#room.shift()?.();
    }
  }

  /** Starts a session anew, with the models it had. One that cannot be started is gone. */
  async #revive(member: Member): Promise<void> {
    member.state = "starting";
    try {
      await member.session.restart();
      for (const { load, models } of this.#loaded) models[member.index] = await load(member.session);
      member.state = "up";
      this.#next();
    } catch (error) {
      member.state = "gone";
      if (this.#members.some(({ state }) => state !== "gone")) return;
      const reason = error instanceof Error ? error.message : String(error);
      const none = new EngineError(`the pool has no session any more: ${reason}`, { cause: error });
      for (const wake of this.#waiting.splice(0)) wake(none);
    }
  }

  #pooled(loaded: Loaded): PoolModel {
    const { config, head, missing, unexpected, mismatched } = loaded.models[0]!;
    const method =
      (name: (typeof POOLED)[number]) =>
      (...args: unknown[]) =>
        this.run((_, index) => (loaded.models[index]![name] as (...args: unknown[]) => Promise<unknown>)(...args), {
          signal: (args.at(-1) as { signal?: AbortSignal } | undefined)?.signal,
        });
    const close = async (): Promise<void> => {
      this.#loaded.delete(loaded);
      await Promise.all(loaded.models.map((model) => model.close()));
    };
    const facts = { config, head, missing, unexpected, mismatched };
    return {
      ...facts,
      ...Object.fromEntries(POOLED.map((name) => [name, method(name)])),
      close,
      [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]: close,
    } as unknown as PoolModel;
  }
}
