/// <reference lib="esnext.disposable" preserve="true" />
import { AbortError } from "../errors.js";
import { withCause } from "./aborts.js";
import { traced } from "./callers.js";
import { sendError } from "./errors.js";
import type { OpenCall } from "./link.js";
import type { Step, StepResult } from "./protocol.js";

/** The call whose result is a stream. */
export interface StreamedCall {
  readonly call: OpenCall;
  readonly signal: AbortSignal | undefined;
  /** Whether the worker has ended. */
  ended(): boolean;
  /** Advances the worker's iterator. */
  ask(step: Step, value: unknown): Promise<StepResult>;
  /** Called when the stream has ended; `failed`: perhaps not in the worker. */
  end(failed: boolean): void;
}

/**
 * The caller's side of a stream: an async generator whose body runs in the worker. The worker computes a value when it is
 * requested, and none ahead.
 */
export class CallStream implements AsyncGenerator<unknown, unknown, unknown> {
  readonly #source: StreamedCall;
  #over = false;

  constructor(source: StreamedCall) {
    this.#source = source;
  }

  /** The next value. Errors: what the worker's iterator throws; AbortError; EngineError if the session has ended. */
  async next(value?: unknown): Promise<StepResult> {
    return this.#over ? { done: true, value: undefined } : this.#step("next", value);
  }

  /** Ends the worker's iterator, which then frees what it holds: what `break` in `for await` calls. */
  async return(value?: unknown): Promise<StepResult> {
    return this.#over ? { done: true, value } : this.#step("return", value);
  }

  /** Throws `error` in the worker, where the iterator waits for its next step. */
  async throw(error: unknown): Promise<StepResult> {
    if (this.#over) throw error;
    return this.#step("throw", sendError(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** `return`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Sent at once: the worker runs steps in order. */
  #step(step: Step, value: unknown): Promise<StepResult> {
    return traced(async () => {
      try {
        const result = await withCause(this.#source.signal, () => this.#ask(step, value));
        if (result.done) this.#end(false);
        return result;
      } catch (error) {
        this.#end(true);
        throw error;
      }
    });
  }

  async #ask(step: Step, value: unknown): Promise<StepResult> {
    const { call, signal, ended, ask } = this.#source;
    if (step === "return" && ended()) return { done: true, value }; // the worker has released everything
    if (step !== "return" && call.thrown) throw call.thrown.error;
    if (step !== "return" && signal?.aborted) throw new AbortError(`${call.shown} was aborted`);
    return ask(step, value);
  }

  #end(failed: boolean): void {
    this.#over = true;
    this.#source.end(failed);
  }
}
