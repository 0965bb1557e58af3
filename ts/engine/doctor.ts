import { platform } from "../platform/index.js";
import { engineStatus, init, type MemoryReport } from "./engine.js";
import { memory } from "./memory.js";
import { hasRelaxedSimd, type Variant, whyOneThread } from "./wasm/variants.js";

/** What the engine makes of this machine. */
export interface Diagnosis {
  /** The build of the kernels that runs. */
  readonly variant: Variant;
  /** Threads that compute. */
  readonly threads: number;
  /** Why it is that build and that many, and what would make it faster. */
  readonly reasons: readonly string[];
  /** Cores of the machine, if known. */
  readonly cores: number;
  /** Whether relaxed SIMD is to be had, without which the engine is about a quarter slower. */
  readonly relaxedSimd: boolean;
  /** Whether threads are to be had: memory can be shared, and this copy of the package has the builds for it. */
  readonly sharedMemory: boolean;
  /** What the engine's memory holds. */
  readonly memory: MemoryReport;
  /** Version of Node; null elsewhere. */
  readonly node: string | null;
}

/**
 * Starts the engine, if it does not run yet, and says what it makes of this machine and why not more. Errors: EngineError where
 * it cannot start.
 */
export async function doctor(): Promise<Diagnosis> {
  await init();
  const { variant, threads, reasons } = engineStatus();
  return {
    variant,
    threads,
    reasons,
    cores: platform.cores(),
    relaxedSimd: hasRelaxedSimd(),
    sharedMemory: whyOneThread() === undefined,
    memory: memory(),
    node: platform.isNode ? process.versions.node : null,
  };
}
