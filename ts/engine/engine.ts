import { EngineError } from "../errors.js";
import { checkOptions, given } from "../options.js";
import type { Kernels } from "./kernels.js";
import { ENGINE, type EngineOptions } from "./options.js";
import { load, loadNow } from "./wasm/load.js";
import type { Choice } from "./wasm/variants.js";

export type { Kernels } from "./kernels.js";
export type { EngineOptions } from "./options.js";

/** What runs, and why. */
export type EngineStatus = Choice;

/** What the engine's memory holds, in bytes. */
export interface MemoryReport {
  /** What tensors and the kernels' working memory hold. */
  readonly used: number;
  /** The most that they have held at a time; a training run counts from its beginning. */
  readonly peak: number;
  /** What they may hold: `init({ maxMemory })`. */
  readonly limit: number;
  /** Size of the module's memory, which only grows: what is free in it is used again. */
  readonly total: number;
  /** Number of tensors, and of parts of them, that live. */
  readonly slots: number;
}

/**
 * What computes. Tensors are numbers of slots, which `kernels.alloc` gives and `kernels.free` takes; where they lie is the
 * engine's own business.
 */
export interface Engine {
  /** The kernels, which read and write slots. What they refuse is an EngineError. */
  readonly kernels: Kernels;
  /** The first `length` numbers of a slot, copied. Errors: EngineError for a slot that was freed or is shorter. */
  read(slot: number, length: number): Float32Array;
  /** Overwrites a slot's numbers from number `at`. Default: 0. Errors: as `read`. */
  write(slot: number, values: ArrayLike<number>, at?: number): void;
  /** Overwrites a slot's words from the first with integers. Errors: as `read`. */
  writeIntegers(slot: number, values: Int32Array): void;
  /** What its memory holds. */
  report(): MemoryReport;
  /** From now on the report's peak is that of what follows. */
  resetPeak(): void;
  /** What runs, and why. */
  readonly status: EngineStatus;
}

let instance: Engine | undefined;
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
  starting ??= start({ ...defaults, ...wanted }).catch((error) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

async function start(options: EngineOptions): Promise<void> {
  instance ??= await load(options, () => instance);
}

/** Options for an engine that starts when it is needed. */
export function setDefaults(options: EngineOptions): void {
  defaults = options;
}

/** The engine that runs; starts it where that can be done at once. */
export function running(): Engine {
  instance ??= loadNow(defaults);
  return instance;
}

/** The running engine's kernels; starts it where that can be done at once. */
export function engine(): Kernels {
  return running().kernels;
}

/** What runs, and why. Starts the engine where that can be done at once; else an EngineError. */
export function engineStatus(): EngineStatus {
  return running().status;
}
