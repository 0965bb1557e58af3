import type * as glue from "../wasm/glue.js";

/**
 * The kernels, as `crates/wasm` exports them: numbers in, numbers out. What is left out starts an instance, or leads into its memory.
 */
export type Kernels = Omit<typeof glue, "default" | "initSync" | "threaded" | "address">;
