import type { Session } from "./session.js";

/** Milliseconds until starting a session is retried. */
const PAUSE = 1000;

/** One of a pool's sessions. */
export class Member {
  readonly session: Session;
  readonly index: number;
  /** Requests that it has not answered. */
  running = 0;
  /** Number of restarts; models loaded before the last one are gone. */
  life = 0;
  /** Why the last restart failed; undefined if it succeeded or has not ended. */
  problem: unknown;
  #revival: Promise<void> | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(session: Session, index: number) {
    [this.session, this.index] = [session, index];
  }

  /** Whether it takes requests. */
  get isUp(): boolean {
    return this.session.alive && this.#revival === undefined;
  }

  /** Whether to restart it now; `urgent`: requests wait. */
  wantsRevival(urgent: boolean): boolean {
    if (this.session.alive || this.#revival) return false;
    return this.problem === undefined || (urgent && performance.now() - this.#failedAt > PAUSE);
  }

  /** Restarts it; sets {@link problem} if that fails. */
  revive(): Promise<void> {
    this.#revival ??= this.#start().finally(() => {
      this.#revival = undefined;
    });
    return this.#revival;
  }

  /** Its session, restarted if it has ended. Errors: those of `Session.restart`. */
  async up(): Promise<Session> {
    if (!this.isUp) await this.revive();
    if (this.problem !== undefined) throw this.problem;
    return this.session;
  }

  async #start(): Promise<void> {
    this.problem = undefined;
    try {
      await this.session.restart();
      this.life++;
    } catch (error) {
      this.problem = error;
      this.#failedAt = performance.now();
    }
  }
}
