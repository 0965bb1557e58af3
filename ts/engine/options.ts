import type { Names } from "../options.js";
import type { EngineOptions } from "./engine.js";

/** The names of {@link EngineOptions}. */
export const ENGINE: Names<EngineOptions> = {
  ...{ wasm: true, tokenizerWasm: true, v8Flags: true, variant: true, threads: true, maxMemory: true },
};
