import { type TransferHandler, transferHandlers } from "comlink";
import * as ours from "../errors.js";

/** The classes that an error keeps; others arrive as `Error`, with their names. */
const CLASSES: Readonly<Record<string, { readonly prototype: Error }>> = {
  ShapeError: ours.ShapeError,
  ConfigError: ours.ConfigError,
  DataError: ours.DataError,
  CheckpointError: ours.CheckpointError,
  EngineError: ours.EngineError,
  AbortError: ours.AbortError,
  TypeError,
  RangeError,
  SyntaxError,
};

/** The longest chain of causes that is sent. */
const DEPTH = 4;

/** An error in a form that can be cloned. */
interface SentFields {
  readonly error: true;
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: unknown;
  readonly reason: unknown;
  readonly cause: Sent;
}

/** A thrown value in a form that can be cloned. */
export type Sent = SentFields | { readonly error: false; readonly text: string } | undefined;

/** Converts a thrown value to a form that can be cloned. */
export function sendError(thrown: unknown, depth = DEPTH): Sent {
  if (thrown === undefined || depth === 0) return undefined;
  if (!(thrown instanceof Error)) return { error: false, text: String(thrown) };
  const { name, message, stack, cause } = thrown;
  const { code, reason } = thrown as { code?: unknown; reason?: unknown };
  const plain = (x: unknown) => (typeof x === "string" || typeof x === "number" ? x : undefined);
  return {
    ...{ error: true, name, message, stack },
    ...{ code: plain(code), reason: plain(reason) },
    cause: sendError(cause, depth - 1),
  };
}

/** Restores a thrown value of the other side, with its class and `code`. */
export function receiveError(sent: Sent): unknown {
  if (sent === undefined) return undefined;
  if (!sent.error) return sent.text;
  const cause = receiveError(sent.cause);
  const error = new Error(sent.message, cause === undefined ? undefined : { cause });
  Object.setPrototypeOf(error, (Object.hasOwn(CLASSES, sent.name) ? CLASSES[sent.name]! : Error).prototype);
  const fields = {
    ...{ name: sent.name, stack: sent.stack },
    ...(sent.code !== undefined && { code: sent.code }),
    ...(sent.reason !== undefined && { reason: sent.reason }),
  };
  for (const [field, value] of Object.entries(fields)) {
    const enumerable = field === "code" || field === "reason"; // as in the classes
    Object.defineProperty(error, field, { value, enumerable, writable: true, configurable: true });
  }
  return error;
}

const received = new WeakSet<Error>();

/** Whether an error came from a worker. */
export const isFromWorker = (error: Error): boolean => received.has(error);

/** Whether a thrown value, which may be of any type, came from the other side. */
export const isReceived = (thrown: unknown): boolean => !(thrown instanceof Error) || received.has(thrown);

type ThrowHandler = TransferHandler<{ value: unknown }, Sent>;

/** Comlink sends only the name and message of an error; these extend its handler by {@link sendError}. */
const extend = (change: Partial<ThrowHandler>): void => {
  transferHandlers.set("throw", { ...(transferHandlers.get("throw") as ThrowHandler), ...change });
};

/** In the worker: sends errors with the fields of {@link sendError}. */
export const keepSentErrors = (): void => extend({ serialize: ({ value }) => [sendError(value), []] });

/** On the caller's side: throws errors as sent after {@link keepSentErrors}. */
export const keepReceivedErrors = (): void =>
  extend({
    deserialize(sent) {
      const error = receiveError(sent);
      if (error instanceof Error) received.add(error);
      throw error;
    },
  });
