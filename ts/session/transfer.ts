import { transfer as mark } from "comlink";
import { ConfigError } from "../errors.js";

/** Marks of {@link transfer}, so that a copy of an argument can be marked too. */
const marks = new WeakMap<object, readonly Transferable[]>();

/**
 * Marks an argument of a session's call so that its buffers are transferred instead of copied: `transfer(values, [values.buffer])`. The
 * caller's buffers are detached afterward. Buffers of a session's results are always transferred. Errors: ConfigError for a buffer that was already
 * transferred.
 */
export function transfer<T extends object>(value: T, buffers: readonly Transferable[]): T {
  const gone = buffers.findIndex((buffer) => buffer instanceof ArrayBuffer && isDetached(buffer));
  if (gone >= 0) throw new ConfigError(`transfer: buffers[${gone}] was already transferred`);
  marks.set(value, buffers);
  return mark(value, [...buffers]);
}

/** `copy`, marked as `original` is. */
export function marked<T extends object>(copy: T, original: object): T {
  const buffers = marks.get(original);
  return buffers ? transfer(copy, buffers) : copy;
}

function isDetached(buffer: ArrayBuffer): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}
