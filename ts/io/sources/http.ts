import { AbortError, DataError } from "../../errors.js";
import { reason } from "../reasons.js";

/** A server that could not be reached, or that is at a loss itself: asking again later may help. */
export class Unreachable extends DataError {
  override readonly name = "DataError";
}

/** A request. A failing network is an {@link Unreachable}, `signal` an AbortError; what the server answers is up to the caller. */
export async function request(url: URL, init: RequestInit): Promise<Response> {
  return inWords(url, init.signal, () => fetch(url, init));
}

/** The pieces of an answer's body. */
export async function* bodyOf(response: Response, url: URL, signal?: AbortSignal | null): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await inWords(url, signal, () => reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    // Whoever stops in the middle wants no more of it.
    await reader.cancel().catch(() => undefined);
  }
}

/** What a body does to an answer that is of no use. */
export const discard = (response: Response): Promise<void> =>
  response.body?.cancel().catch(() => undefined) ?? Promise.resolve();

/** A URL in messages: without what may be secret. */
export const shownUrl = (url: URL): string => url.origin + url.pathname;

/** Errors of the network in words; an abort is an AbortError. */
export async function inWords<T>(url: URL, signal: AbortSignal | null | undefined, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (signal?.aborted) throw new AbortError("load was aborted", { cause: signal.reason });
    // Node says "fetch failed", and why in the cause.
    const { cause = error } = error as Error;
    throw new Unreachable(`${shownUrl(url)} cannot be reached: ${reason(cause)}`, { cause: error });
  }
}
