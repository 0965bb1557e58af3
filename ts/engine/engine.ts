import { ConfigError, EngineError } from "../errors.js";
import { checkOptions, given } from "../options.js";
import { packageFiles, platform } from "../platform/index.js";
import * as glue from "../wasm/glue.js";
import { type Guard, guarded, type Kernels } from "./guard.js";
import { ENGINE } from "./options.js";
import { startThreads, wantedThreads } from "./threads.js";
import { type Choice, chooseVariant, enableRelaxedSimd, VARIANTS, type Variant, variantOf } from "./variants.js";
import { compile, compilePackaged, giveTokenizerWasm, unreadable, type WasmSource } from "./wasmSource.js";

export type { Kernels } from "./guard.js";

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

/** What runs, and why. */
export type EngineStatus = Choice;

interface Instance {
  readonly guard: Guard;
  readonly memory: WebAssembly.Memory;
  status: EngineStatus;
}

const PAGE = 65536;
/** What a module can address. */
const MOST_MEMORY = 65536 * PAGE;
/** More than any build starts with. The allocator takes new pages only, so that these stay untouched. */
const FIRST_PAGES = 64;
/** Room for a thread's stack and its own variables, which it takes when it comes up: the memory may be full by then. */
const THREAD_PAGES = 16;

let instance: Instance | undefined;
let starting: Promise<void> | undefined;
let defaults: EngineOptions = {};

/**
 * Starts the engine with `options`. Optional in Node, where the first use starts it; in a browser it has to be awaited
 * (by hand, or by `RoFormer.load`) before tensors are made. A call without options waits for the first one; options after that
 * are an `EngineError`, since they would count for nothing; so is a module that cannot be read. Errors: ConfigError for a
 * wrong option.
 */
export async function init(options: EngineOptions = {}): Promise<void> {
  checkOptions("init", options, ENGINE);
  const wanted = given(options);
  if ((instance || starting) && Object.keys(wanted).length > 0) {
    throw new EngineError("init: the engine runs already: give its options before its first use");
  }
  starting ??= startAsync({ ...defaults, ...wanted }).catch((error) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

/** Options for an engine that starts when it is needed. */
export function setDefaults(options: EngineOptions): void {
  defaults = options;
}

/** The running engine's kernels; starts it where that can be done at once. */
export function engine(): Kernels {
  return (instance ?? startNow()).guard.kernels;
}

/** A view of `length` 32-bit words at a byte address, valid until something is allocated. */
export function view(address: number, length: number): Float32Array {
  return new Float32Array((instance ?? startNow()).memory.buffer, address, length);
}

/** What runs, and why. Starts the engine where that can be done at once; else an EngineError. */
export function engineStatus(): EngineStatus {
  return (instance ?? startNow()).status;
}

async function startAsync(options: EngineOptions): Promise<void> {
  if (instance) return;
  const choice = choose(options);
  const module = await (options.wasm === undefined ? compilePackaged(choice.variant) : compile(options.wasm));
  instance ??= instantiate(module, choice, options);
  if (options.tokenizerWasm !== undefined) giveTokenizerWasm(options.tokenizerWasm);
}

function startNow(): Instance {
  const choice = choose(defaults);
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(platform.readPackageFileSync(packageFiles[choice.variant]()));
  } catch (error) {
    throw unreadable(error);
  }
  instance = instantiate(module, choice, defaults);
  return instance;
}

function choose({ v8Flags, variant, threads }: EngineOptions): Choice {
  if (variant !== undefined && !VARIANTS.includes(variant))
    throw new ConfigError(`variant is ${JSON.stringify(variant)}, not one of ${VARIANTS.join(", ")}`);
  if (v8Flags) enableRelaxedSimd();
  const chosen = chooseVariant(variant && !variant.endsWith("-threads") ? 1 : wantedThreads(threads));
  if (variant === undefined) return chosen;
  return { ...chosen, variant, reasons: [...chosen.reasons, `the build ${variant} was asked for`] };
}

function instantiate(module: WebAssembly.Module, choice: Choice, { maxMemory = MOST_MEMORY }: EngineOptions): Instance {
  if (typeof maxMemory !== "number" || !(maxMemory > 0))
    throw new ConfigError(`maxMemory is ${String(maxMemory)}, not a number of bytes`);
  // Another module would spoil the glue, which has one instance.
  if (!WebAssembly.Module.exports(module).some(({ name }) => name === "set_limit"))
    throw unreadable(new Error("it is another module than the kernels'"));
  // What a given module wants is in the module, not in its name.
  const variant = variantOf(module);
  const shares = variant.endsWith("-threads");
  const threads = shares ? choice.threads : 1;
  // Without sharing the module has a memory of its own, and this one keeps the glue from making another.
  const shared = shares ? sharedMemory(maxMemory, threads) : undefined;
  const own = shared?.memory ?? new WebAssembly.Memory({ initial: 0, maximum: 0 });
  const memory = glue.initSync({ module, memory: own }).memory as WebAssembly.Memory;
  const guard = guarded(glue);
  guard.kernels.set_limit(Math.min(maxMemory, shared?.most ?? MOST_MEMORY, MOST_MEMORY));
  const made: Instance = { guard, memory, status: { ...choice, variant, threads } };
  const absent = (reason: string) => {
    const { status } = made;
    const reasons = [...status.reasons, `one thread less: ${reason}`];
    made.status = { ...status, threads: status.threads - 1, reasons };
  };
  if (threads > 1) startThreads(threads, module, memory, guard, absent);
  return made;
}

/**
 * Memory for `most` bytes of tensors beside what threads need, and for how many it is: shared memory reserves its maximum at
 * once, which not every system gives, and less is better than nothing.
 */
function sharedMemory(most: number, threads: number): { memory: WebAssembly.Memory; most: number } {
  const beside = FIRST_PAGES + (1 + threads) * THREAD_PAGES;
  for (let pages = Math.min(Math.ceil(most / PAGE) + beside, MOST_MEMORY / PAGE); ; pages >>= 1) {
    try {
      const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: pages, shared: true });
      return { memory, most: (pages - beside) * PAGE };
    } catch (error) {
      if (pages < 2 * beside) throw unreadable(error, "out-of-memory");
    }
  }
}
