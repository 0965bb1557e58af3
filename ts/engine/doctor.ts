import { platform } from "../platform/index.js";
import { engine, engineStatus, init, maximumMemory, view } from "./engine.js";
import { hasRelaxedSimd, type Variant, whyOneThread } from "./variants.js";

/** What the engine makes of this machine. */
export interface Diagnosis {
  /** The build of the kernels that runs. */
  readonly variant: Variant;
  /** Threads that compute. */
  readonly threads: number;
  /** Why it is that build and that many, and what would make it faster. */
  readonly reasons: readonly string[];
  /** Cores of the machine, as far as it can be told. */
  readonly cores: number;
  readonly relaxedSimd: boolean;
  readonly sharedMemory: boolean;
  /** Bytes: in use by tensors, taken from the system so far, and at most. */
  readonly memory: { readonly used: number; readonly total: number; readonly limit: number };
  /** Version of Node; null elsewhere. */
  readonly node: string | null;
}

/** Starts the engine, if it does not run yet, and says what it makes of this machine and why not more. */
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
    memory: { used: engine().used_bytes(), total: view(0, 0).buffer.byteLength, limit: maximumMemory() },
    node: platform.isNode ? process.versions.node : null,
  };
}
