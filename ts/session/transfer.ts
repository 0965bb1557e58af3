import { transfer as mark } from "comlink";

/**
 * Marks an argument of a session's call so that its buffers change hands instead of being copied: `transfer(values, [values.buffer])`. The
 * caller's are empty afterwards. Results of sessions change hands by themselves.
 */
export const transfer = <T extends object>(value: T, buffers: readonly Transferable[]): T => mark(value, [...buffers]);
