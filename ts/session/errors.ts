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

/** What was thrown, as it crosses over. */
export type Sent = SentFields | { readonly error: false; readonly text: string } | undefined;

/** Turns what was thrown into something that can be cloned. */
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

/** Restores what was thrown on the other side, with its class and `code`. */
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
    const enumerable = field === "code" || field === "reason"; // as the classes themselves have them
    Object.defineProperty(error, field, { value, enumerable, writable: true, configurable: true });
  }
  return error;
}

const received = new WeakSet<Error>();

/** Whether an error came from a worker. */
export const isFromWorker = (error: Error): boolean => received.has(error);

/** Whether something thrown came from the other side, where anything may be thrown. */
export const isReceived = (thrown: unknown): boolean => !(thrown instanceof Error) || received.has(thrown);

type ThrowHandler = TransferHandler<{ value: unknown }, Sent>;

/** Comlink sends of an error its name and message alone; these add to its handler what {@link sendError} keeps. */
const extend = (change: Partial<ThrowHandler>): void => {
  transferHandlers.set("throw", { ...(transferHandlers.get("throw") as ThrowHandler), ...change });
};

/** From now on, errors are sent with what {@link sendError} keeps: for the worker. */
export const keepSentErrors = (): void => extend({ serialize: ({ value }) => [sendError(value), []] });

/** From now on, what is received of {@link keepSentErrors} is thrown: for the caller's side. */
export const keepReceivedErrors = (): void =>
  extend({
    deserialize(sent) {
      const error = receiveError(sent);
      if (error instanceof Error) received.add(error);
      throw error;
    },
  });
