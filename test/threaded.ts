import { beforeEach } from "vitest";
import { threaded } from "../ts/wasm/glue.js";

/** Why there is nothing to test; undefined where the engine is built with threads. */
export const withoutThreads = threaded
  ? undefined
  : "the engine is built without threads: Rust's own sources (rust-src) are missing";

/** Skips the tests of a file or a `describe` where the engine is built without threads. */
export function needThreads(): void {
  beforeEach((ctx) => {
    if (withoutThreads) ctx.skip(withoutThreads);
  });
}
