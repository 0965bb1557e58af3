/** What the build puts in: see `scripts/javascript.mjs`. */
declare module "inlined" {
  /** Files of the package by name, gzip as base64. */
  export const files: Readonly<Record<string, string>>;
  /** The script of sessions' workers, and of threads in browsers; "" in itself. */
  export const worker: string;
  /** The script of Node's threads. */
  export const thread: string;
}
