import { receiveError, type Sent } from "./errors.js";
import type { Step } from "./protocol.js";

/** A stream in the worker whose consumer has not seen its end. */
export interface OpenStream {
  /** The command's name in messages. */
  readonly shown: string;
  readonly iterator: AsyncIterator<unknown>;
  readonly signal: AbortSignal;
}

/** Whether a command's result is sent value by value. */
export const isStream = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === "object" && value !== null && Symbol.asyncIterator in value;

/** Advances an iterator; one without `return` or `throw` ends, as in `yield*`. */
export async function advance(
  iterator: AsyncIterator<unknown>,
  step: Step,
  given: unknown,
): Promise<IteratorResult<unknown, unknown>> {
  const { done = false, value } = await take(iterator, step, given);
  return { done, value };
}

async function take(iterator: AsyncIterator<unknown>, step: Step, given: unknown): Promise<IteratorResult<unknown>> {
  if (step === "next") return iterator.next(given);
  if (step === "throw") {
    const error = receiveError(given as Sent);
    if (iterator.throw) return iterator.throw(error);
    await iterator.return?.();
    throw error;
  }
  return iterator.return ? iterator.return(given) : { done: true, value: given };
}
