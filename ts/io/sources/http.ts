import { AbortError, ConfigError, DataError, type RoFormerErrorOptions } from "../../errors.js";
import { platform, shownUrl } from "../../platform/index.js";
import type { SourceOptions } from "../interface.js";
import { networkFailure } from "./network.js";

/** A server that could not be reached, or that failed: trying again later may help. */
export class Unreachable extends DataError {
  override readonly name = "DataError";

  constructor(message: string, options: RoFormerErrorOptions = {}) {
    super(message, { reason: "network", ...options });
  }
}

/** Limits of a request. */
export interface Waiting {
  readonly signal: AbortSignal | undefined;
  /** Milliseconds until a response begins, as in Hugging Face's clients. */
  readonly answer: number;
  /** Milliseconds between two pieces of a body: longer, since restarting a download is expensive. */
  readonly idle: number;
}

/** The maximum delay of a timer. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The timeouts for servers. Errors: ConfigError for an invalid time. */
export function waitingOf({ signal, timeout }: SourceOptions): Waiting {
  const seconds = platform.environment("ROFORMER_TIMEOUT");
  if (timeout === undefined && !seconds) return { signal, answer: 10_000, idle: 30_000 };
  const milliseconds = timeout ?? 1000 * Number(seconds);
  if (typeof milliseconds === "number" && milliseconds > 0) {
    const most = Math.min(milliseconds, LONGEST_TIMER);
    return { signal, answer: most, idle: most };
  }
  if (timeout === undefined)
    throw new ConfigError(`ROFORMER_TIMEOUT is ${JSON.stringify(seconds)}, not a positive number of seconds`);
  throw new ConfigError(`timeout is ${String(timeout)}, not a positive number of milliseconds`);
}

/**
 * Sends a request. Errors: {@link Unreachable} for a failing network or a timeout, AbortError by `signal`. Checking the status
 * is up to the caller.
 */
export function request(url: URL, init: RequestInit, waiting: Waiting): Promise<Response> {
  return within(url, waiting.signal, waiting.answer, (signal) => fetch(url, { ...init, signal }));
}

/** Limits of a body's size. */
export interface BodyLimits {
  /** The exact number of bytes, if known. */
  readonly exact: number | undefined;
  /** The maximum number of bytes, if `exact` is not known. */
  readonly most: number;
}

/**
 * The pieces of a response's body. Errors: as {@link request}; DataError for a body that is shorter than its limits, or longer: before the
 * first byte beyond them is passed on.
 */
export async function* bodyOf(
  response: Response,
  url: URL,
  waiting: Waiting,
  { exact, most }: BodyLimits,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  let loaded = 0;
  try {
    while (reader !== undefined) {
      const { done, value } = await within(url, waiting.signal, waiting.idle, () => reader.read());
      if (done) break;
      loaded += value.length;
      if (loaded > (exact ?? most))
        throw new DataError(`${shownUrl(url)}: the server sends more than ${exact ?? most} bytes`);
      yield value;
    }
    if (exact !== undefined && loaded !== exact)
      throw new DataError(`${shownUrl(url)}: the server sent ${loaded} bytes of ${exact}`, { reason: "network" });
  } finally {
    // The consumer stopped early.
    reader?.cancel().catch(() => undefined);
  }
}

/** Cancels the body of a response that is not used. */
export const discard = (response: Response): void => void response.body?.cancel().catch(() => undefined);

/**
 * The size of a response's body, if its header tells. A compressed body has another length, and browsers do not show
 * whether a response from another origin is compressed.
 */
export function lengthOf(response: Response): number | undefined {
  const length = response.headers.get("Content-Length") ?? "";
  const hidden = !platform.isNode && response.type === "cors";
  if (hidden || isEncoded(response) || !/^\d{1,15}$/.test(length)) return undefined;
  return Number(length);
}

/** Whether a body is sent with a content encoding. */
export const isEncoded = ({ headers }: Response): boolean =>
  !/^(identity)?$/i.test(headers.get("Content-Encoding") ?? "");

/** Requests files uncompressed, so that the headers give their lengths. Browsers do not let pages set this header. */
export const asTheyAre = (): Record<string, string> => (platform.isNode ? { "Accept-Encoding": "identity" } : {});

/** Maximum size of a file whose server reports none: for weights what memory could hold, for text a quarter GiB. */
export const mostOf = (file: string): number => (/\.(json|txt|model|md)$/.test(file) ? 2 ** 28 : 2 ** 32);

/** Maximum bytes read into memory at once. */
const MOST_AT_ONCE = 2 ** 31;

/** Reads a whole file. Errors: DataError for one that is larger than memory should hold. */
export function readWhole(
  where: string,
  { size, readRange }: { size: number; readRange(start: number, end: number): Promise<Uint8Array> },
): Promise<Uint8Array> {
  if (size <= MOST_AT_ONCE) return readRange(0, size);
  throw new DataError(`${where} has ${size} bytes; at most ${MOST_AT_ONCE} are read at once`);
}

/** Runs a network operation with a timeout; its failures become errors of this library. */
function within<T>(
  url: URL,
  signal: AbortSignal | undefined,
  timeout: number,
  begin: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
  const aborted = () => new AbortError("load was aborted", { cause: signal?.reason });
  if (signal?.aborted) return Promise.reject(aborted());
  const controller = new AbortController();
  return new Promise<T>((resolve, reject) => {
    const settle = (how: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      how();
    };
    const stop = (error: Error) =>
      settle(() => {
        reject(error);
        controller.abort();
      });
    const onAbort = () => stop(aborted());
    const silent = () => {
      const seconds = timeout / 1000;
      stop(new Unreachable(`${shownUrl(url)}: the server was silent for ${seconds} s`, { reason: "timeout" }));
    };
    const timer = setTimeout(silent, timeout);
    signal?.addEventListener("abort", onAbort);
    begin(controller.signal).then(
      (value) => settle(() => resolve(value)),
      (error) =>
        settle(() => {
          const { words, reason, cause } = networkFailure(error);
          reject(new Unreachable(`${shownUrl(url)} cannot be reached: ${words}`, { reason, cause }));
        }),
    );
  });
}
