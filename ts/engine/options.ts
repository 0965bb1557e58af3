import type { Names } from "../options.js";
import type { WasmSource } from "./wasm/source.js";
import type { Variant } from "./wasm/variants.js";

/** Settings of the engine, which count if given before its first use. */
export interface EngineOptions {
  /** Where the module comes from, if not from the package's own files: with shared memory if it is to have threads. */
  readonly wasm?: WasmSource | undefined;
  /** Where the tokenizers' module comes from, if not from the package's own files. */
  readonly tokenizerWasm?: WasmSource | undefined;
  /** Allows V8 flags that make the engine faster (relaxed SIMD in Node 20). They count for the whole process. */
  readonly v8Flags?: boolean | undefined;
  /** Takes this build instead of the fastest that the runtime can run. */
  readonly variant?: Variant | undefined;
  /**
   * How many threads compute, the caller's among them; "auto", the default, is one a core (in browsers half of what they count, which
   * are hyper-threads). The environment variable
   * ROFORMER_THREADS counts where this is not given. Results are the same bits for any number.
   */
  readonly threads?: number | "auto" | undefined;
  /**
   * Bytes that the engine may use at most; what exceeds them is refused with an `EngineError`.
   * @default 4 GiB
   */
  readonly maxMemory?: number | undefined;
}

/** The names of {@link EngineOptions}. */
export const ENGINE: Names<EngineOptions> = {
  ...{ wasm: true, tokenizerWasm: true, v8Flags: true, variant: true, threads: true, maxMemory: true },
};
