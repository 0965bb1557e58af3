import { AbortError, EngineError } from "../errors.js";
import { platform } from "../platform/index.js";
import { onAbort } from "./aborts.js";
import type { Member } from "./member.js";

/** Maximum requests of a session: one that runs and one that follows, so that it never waits for the next. */
export const AHEAD = 2;

/** A request that waits for a session. */
interface WaitingRequest {
  assign(member: Member): void;
  refuse(error: EngineError): void;
}

const closed = (): EngineError => new EngineError("the pool was closed", { reason: "closed" });

/** Requests to the sessions of a pool: each goes to the least busy session, and settles when it is done. */
export class RequestQueue {
  readonly #members: readonly Member[];
  readonly #maxQueue: number;
  readonly #requests: WaitingRequest[] = [];
  /** Called when fewer requests wait. */
  readonly #onRoom: (() => void)[] = [];
  /** Calls of {@link ready} resolve one after another, so that each caller can use the room. */
  #lastReady: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(members: readonly Member[], maxQueue: number) {
    [this.#members, this.#maxQueue] = [members, maxQueue];
  }

  /** Requests that wait for a session. */
  get waiting(): number {
    return this.#requests.length;
  }

  /** Runs `work` with the least busy session, once one has room. `signal` removes it from the queue. */
  async run<T>(work: (member: Member) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const member = await this.#free(signal);
    try {
      return await work(member);
    } finally {
      member.running--;
      this.#dispatch();
    }
  }

  /** Resolves when another request may wait. */
  ready(): Promise<void> {
    const mine = this.#lastReady.then(async () => {
      while (!this.#closed && this.#requests.length >= this.#maxQueue)
        await new Promise<void>((resolve) => this.#onRoom.push(resolve));
    });
    this.#lastReady = mine.then(() => platform.turn());
    return mine;
  }

  /** Refuses the requests that wait, and all later ones. */
  close(): void {
    this.#closed = true;
    this.#refuseAll(closed);
  }

  /** Errors: EngineError after {@link close}. */
  checkOpen(): void {
    if (this.#closed) throw closed();
  }

  #free(signal: AbortSignal | undefined): Promise<Member> {
    return new Promise((resolve, reject) => {
      this.checkOpen();
      if (signal?.aborted) throw new AbortError("aborted", { cause: signal.reason });
      if (this.#requests.length >= this.#maxQueue)
        throw new EngineError(`the pool's queue is full: ${this.#maxQueue} requests wait; await pool.ready() first`, {
          reason: "queue-full",
        });
      const mine: WaitingRequest = {
        assign: (member) => settle(() => resolve(member)),
        refuse: (error) => settle(() => reject(error)),
      };
      const forget = onAbort(signal, () => {
        this.#requests.splice(this.#requests.indexOf(mine), 1);
        this.#notifyRoom();
        reject(new AbortError("aborted before a session was free", { cause: signal?.reason }));
      });
      const settle = (how: () => void) => {
        forget();
        how();
      };
      this.#requests.push(mine);
      this.#dispatch();
    });
  }

  /** Assigns waiting requests to sessions with room; ended sessions are restarted meanwhile. */
  #dispatch(): void {
    if (this.#closed) return;
    for (const member of this.#members) {
      if (member.wantsRevival(this.#requests.length > 0)) member.revive().then(() => this.#dispatch());
    }
    while (this.#requests.length > 0) {
      const free = this.#members.filter((member) => member.isUp && member.running < AHEAD);
      const [member] = free.sort((a, b) => a.running - b.running);
      if (member === undefined) break;
      member.running++;
      this.#requests.shift()!.assign(member);
      this.#notifyRoom();
    }
    if (this.#members.every((member) => member.problem)) this.#refuseForProblem(this.#members[0]!.problem);
  }

  #refuseForProblem(problem: unknown): void {
    const message = `the pool has no sessions left: ${problem instanceof Error ? problem.message : String(problem)}`;
    this.#refuseAll(() => new EngineError(message, { cause: problem, reason: "closed" }));
  }

  /** Each request gets its own error, with its own stack. */
  #refuseAll(make: () => EngineError): void {
    for (const { refuse } of this.#requests.splice(0)) refuse(make());
    this.#notifyRoom();
  }

  #notifyRoom(): void {
    for (const notify of this.#onRoom.splice(0)) notify();
  }
}
