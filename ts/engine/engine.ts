import { EngineError } from "../errors.js";
import { platform } from "../platform/index.js";
import * as glue from "../wasm/simd/core.js";
import { chooseVariant, enableRelaxedSimd, type Variant } from "./variants.js";

/** The kernels, as `crates/wasm` exports them: numbers in, numbers out. */
export type Kernels = Omit<typeof glue, "default" | "initSync">;

/** Settings of the engine, which count if given before its first use. */
export interface EngineOptions {
  /** Where the module comes from, if not from the package's own files. */
  readonly wasm?: URL | Response | BufferSource | WebAssembly.Module;
  /** Allows V8 flags that make the engine faster (relaxed SIMD in Node 20). They count for the whole process. */
  readonly v8Flags?: boolean;
  /** Takes this build instead of the fastest that the runtime can run. */
  readonly variant?: Variant;
}

/** What runs, and why. */
export interface EngineStatus {
  readonly variant: Variant;
  readonly reason: string;
}

interface Instance {
  readonly kernels: Kernels;
  readonly memory: WebAssembly.Memory;
  readonly status: EngineStatus;
}

let instance: Instance | undefined;
let starting: Promise<void> | undefined;

/**
 * Starts the engine with `options`. Optional in Node, where the first use starts it; in a browser it has to be awaited
 * (by hand, or by `RoFormer.load`) before tensors are made. A call without options waits for the first one; options after that
 * are an `EngineError`, since they would count for nothing.
 */
export async function init(options: EngineOptions = {}): Promise<void> {
  if ((instance || starting) && Object.keys(options).length > 0) {
    throw new EngineError("init: the engine runs already: give its options before its first use");
  }
  starting ??= startAsync(options).catch((error) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

/** The running engine's kernels; starts it where that can be done at once. */
export function engine(): Kernels {
  return (instance ?? startNow()).kernels;
}

/** A view of `length` 32-bit words at a byte address, valid until something is allocated. */
export function view(address: number, length: number): Float32Array {
  return new Float32Array((instance ?? startNow()).memory.buffer, address, length);
}

/** What runs, and why. */
export function engineStatus(): EngineStatus {
  return (instance ?? startNow()).status;
}

const url = (variant: Variant): URL =>
  variant === "relaxed"
    ? new URL("../wasm/relaxed/core_bg.wasm", import.meta.url)
    : new URL("../wasm/simd/core_bg.wasm", import.meta.url);

async function startAsync(options: EngineOptions): Promise<void> {
  if (instance) return;
  if (options.v8Flags) enableRelaxedSimd();
  const choice = options.variant ? { variant: options.variant, reason: "asked for" } : chooseVariant();
  const module = await compile(options.wasm ?? url(choice.variant));
  instance ??= instantiate(module, choice);
}

async function compile(source: NonNullable<EngineOptions["wasm"]>): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  try {
    return await WebAssembly.compile(await bytesOf(source));
  } catch (error) {
    throw unreadable(error);
  }
}

async function bytesOf(source: URL | Response | BufferSource): Promise<BufferSource> {
  if (source instanceof URL) return platform.readUrl(source) as Promise<BufferSource>;
  if (typeof Response === "undefined" || !(source instanceof Response)) return source as BufferSource;
  if (!source.ok) throw new Error(`${source.url}: HTTP status ${source.status}`);
  return source.arrayBuffer();
}

const unreadable = (error: unknown): EngineError =>
  new EngineError(`the wasm module could not be loaded: ${(error as Error).message}`, { cause: error });

function startNow(): Instance {
  const choice = chooseVariant();
  let module: WebAssembly.Module;
  try {
    if (!platform.readUrlSync) throw new Error("it cannot be read at once here: call `await init()` first");
    module = new WebAssembly.Module(platform.readUrlSync(url(choice.variant)) as BufferSource);
  } catch (error) {
    throw unreadable(error);
  }
  instance = instantiate(module, choice);
  return instance;
}

function instantiate(module: WebAssembly.Module, status: EngineStatus): Instance {
  const { memory } = glue.initSync({ module });
  return { kernels: bounded(guarded(glue)), memory, status };
}

/** Words that the module's memory can have at most. */
const MOST_WORDS = 2 ** 30;

/** A size beyond 32 bits would lose its upper ones on its way into the module, and too little memory would be made. */
function bounded(kernels: Kernels): Kernels {
  const alloc = (words: number): number => {
    if (words <= MOST_WORDS) return kernels.alloc(words);
    const mebibytes = (bytes: number) => Math.ceil(bytes / 2 ** 20);
    throw new EngineError(
      `out of memory: ${mebibytes(4 * words)} MiB asked for, ${mebibytes(kernels.used_bytes())} MiB in use`,
    );
  };
  return { ...kernels, alloc };
}

/** The exports, with what they throw turned into an `EngineError`. After a trap the instance is dead. */
function guarded(exports: object): Kernels {
  let died: EngineError | undefined;
  const kernels: Record<string, unknown> = {};
  for (const [name, call] of Object.entries(exports)) {
    if (typeof call !== "function" || name === "default" || name === "initSync") continue;
    kernels[name] = (...values: unknown[]) => {
      if (died) throw died;
      try {
        return call(...values);
      } catch (error) {
        const message = (error as Error).message;
        if (!(error instanceof WebAssembly.RuntimeError)) throw new EngineError(message, { cause: error });
        died = new EngineError(`the engine died in ${name} (${message}); start a new process or worker`, {
          cause: error,
        });
        throw died;
      }
    };
  }
  return kernels as Kernels;
}
