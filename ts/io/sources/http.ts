import { AbortError, ConfigError, DataError, type RoFormerErrorOptions } from "../../errors.js";
import { platform, shownUrl } from "../../platform/index.js";
import type { SourceOptions } from "../interface.js";
import { networkFailure } from "./network.js";

/** A server that could not be reached, or that is at a loss itself: asking again later may help. */
export class Unreachable extends DataError {
  override readonly name = "DataError";

  constructor(message: string, options: RoFormerErrorOptions = {}) {
    super(message, { reason: "network", ...options });
  }
}

/** What ends a request before its answer does. */
export interface Waiting {
  readonly signal: AbortSignal | undefined;
  /** Milliseconds until an answer begins, as Hugging Face's own clients wait. */
  readonly answer: number;
  /** Milliseconds between two pieces of a body: a download that stalls is not begun anew lightly. */
  readonly idle: number;
}

/** The longest time that a timer takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** How long to wait for servers. Errors: ConfigError for what is not a time. */
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
 * A request. A failing network and a silent server are an {@link Unreachable}, `signal` an AbortError; what the server answers
 * is up to the caller.
 */
export function request(url: URL, init: RequestInit, waiting: Waiting): Promise<Response> {
  return within(url, waiting.signal, waiting.answer, (signal) => fetch(url, { ...init, signal }));
}

/** How much a body may hold. */
export interface BodyLimits {
  /** The bytes that it must have, where they are known. */
  readonly exact: number | undefined;
  /** The bytes that it may have at most, where `exact` is not known. */
  readonly most: number;
}

/**
 * The pieces of an answer's body. Errors: as {@link request}; DataError for a body that is longer than its limits, before the
 * first byte beyond them is given, or shorter.
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
    // Whoever stops in the middle wants no more of it.
    reader?.cancel().catch(() => undefined);
  }
}

/** What a body does to an answer that is of no use. */
export const discard = (response: Response): void => void response.body?.cancel().catch(() => undefined);

/**
 * The bytes of an answer's body, where its header tells. What is sent compressed has another length, and browsers do not show
 * whether an answer from another origin is.
 */
export function lengthOf(response: Response): number | undefined {
  const length = response.headers.get("Content-Length") ?? "";
  const hidden = !platform.isNode && response.type === "cors";
  if (hidden || isEncoded(response) || !/^\d{1,15}$/.test(length)) return undefined;
  return Number(length);
}

/** Whether a body is sent in another form than the file's own. */
export const isEncoded = ({ headers }: Response): boolean =>
  !/^(identity)?$/i.test(headers.get("Content-Encoding") ?? "");

/** Asks for files as they are, so that their lengths are those of the headers. Browsers do not let pages ask. */
export const asTheyAre = (): Record<string, string> => (platform.isNode ? { "Accept-Encoding": "identity" } : {});

/** Bytes that a file may have of which no server says how many: of weights as many as memory could hold, of text a quarter GiB. */
export const mostOf = (file: string): number => (/\.(json|txt|model|md)$/.test(file) ? 2 ** 28 : 2 ** 32);

/** Bytes that are read into memory at once at most. */
const MOST_AT_ONCE = 2 ** 31;

/** All of a file in its source. Errors: DataError for more than memory should hold, whoever says so. */
export function readWhole(
  where: string,
  { size, readRange }: { size: number; readRange(start: number, end: number): Promise<Uint8Array> },
): Promise<Uint8Array> {
  if (size <= MOST_AT_ONCE) return readRange(0, size);
  throw new DataError(`${where} has ${size} bytes, more than the ${MOST_AT_ONCE} that are read at once`);
}

/** Begins something of the network, and waits for it as long as may be; what it fails with becomes an error of this library. */
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
