import { ConfigError } from "../../errors.js";
import { packageFiles, platform } from "../../platform/index.js";
import * as glue from "../../wasm/glue.js";
import type { Engine, EngineStatus, MemoryReport } from "../engine.js";
import type { Kernels } from "../kernels.js";
import type { EngineOptions } from "../options.js";
import { type Guard, guarded } from "./guard.js";
import { MOST_MEMORY, SlotMemory, sharedMemory } from "./memory.js";
import { compile, compilePackaged, giveTokenizerWasm, unreadable } from "./source.js";
import { startThreads, wantedThreads } from "./threads.js";
import { type Choice, chooseVariant, enableRelaxedSimd, VARIANTS, variantOf } from "./variants.js";

/** The kernels as a WebAssembly module. */
class WasmEngine implements Engine {
  readonly kernels: Kernels;
  private current: EngineStatus;
  private readonly memory: SlotMemory;

  constructor({ exports }: Guard, memory: WebAssembly.Memory, status: EngineStatus) {
    this.kernels = exports;
    this.memory = new SlotMemory(exports, memory);
    this.current = status;
  }

  get status(): EngineStatus {
    return this.current;
  }

  read(slot: number, length: number): Float32Array {
    return this.memory.floats(slot, 0, length).slice();
  }

  write(slot: number, values: ArrayLike<number>, at = 0): void {
    this.memory.floats(slot, at, values.length).set(values);
  }

  writeIntegers(slot: number, values: Int32Array): void {
    this.memory.integers(slot, 0, values.length).set(values);
  }

  report(): MemoryReport {
    const { kernels } = this;
    return {
      used: kernels.used_bytes() + kernels.scratch_bytes(),
      peak: kernels.peak_bytes(),
      limit: kernels.limit_bytes(),
      total: this.memory.size,
      slots: kernels.live(),
    };
  }

  resetPeak(): void {
    this.kernels.reset_peak();
  }

  /** Notes that a thread is missing, and why. */
  lacksThread(reason: string): void {
    const { threads, reasons } = this.current;
    this.current = { ...this.current, threads: threads - 1, reasons: [...reasons, `one thread less: ${reason}`] };
  }
}

/** Starts the engine with `options`, unless `instead` says that another one runs by the time its module is there. */
export async function load(options: EngineOptions, instead: () => Engine | undefined): Promise<Engine> {
  const choice = choose(options);
  const module = await (options.wasm === undefined ? compilePackaged(choice.variant) : compile(options.wasm));
  const engine = instead() ?? instantiate(module, choice, options);
  if (options.tokenizerWasm !== undefined) giveTokenizerWasm(options.tokenizerWasm);
  return engine;
}

/** Starts the engine at once, from the package's own file, where that can be done. Errors: EngineError. */
export function loadNow(options: EngineOptions): Engine {
  const choice = choose(options);
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(platform.readPackageFileSync(packageFiles[choice.variant]()));
  } catch (error) {
    throw unreadable(error);
  }
  return instantiate(module, choice, options);
}

function choose({ v8Flags, variant, threads }: EngineOptions): Choice {
  if (variant !== undefined && !VARIANTS.includes(variant))
    throw new ConfigError(`variant is ${JSON.stringify(variant)}, not one of ${VARIANTS.join(", ")}`);
  if (v8Flags) enableRelaxedSimd();
  const chosen = chooseVariant(variant && !variant.endsWith("-threads") ? 1 : wantedThreads(threads));
  if (variant === undefined) return chosen;
  return { ...chosen, variant, reasons: [...chosen.reasons, `the build ${variant} was asked for`] };
}

function instantiate(
  module: WebAssembly.Module,
  choice: Choice,
  { maxMemory = MOST_MEMORY }: EngineOptions,
): WasmEngine {
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
  guard.exports.set_limit(Math.min(maxMemory, shared?.most ?? MOST_MEMORY, MOST_MEMORY));
  const engine = new WasmEngine(guard, memory, { ...choice, variant, threads });
  if (threads > 1) startThreads(threads, module, memory, guard, (reason) => engine.lacksThread(reason));
  return engine;
}
