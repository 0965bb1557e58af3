import type { Exports } from "./guard.js";
import { unreadable } from "./source.js";

const PAGE = 65536;
/** Bytes that a module can address. */
export const MOST_MEMORY = 65536 * PAGE;
/** More than any build starts with. The allocator takes new pages only, so that these stay untouched. */
const FIRST_PAGES = 64;
/** Room for a thread's stack and its own variables, which it takes when it comes up: the memory may be full by then. */
const THREAD_PAGES = 16;

/**
 * Memory for `most` bytes of tensors beside what threads need, and for how many it is: shared memory reserves its maximum at
 * once, which not every system gives, and less is better than nothing.
 */
export function sharedMemory(most: number, threads: number): { memory: WebAssembly.Memory; most: number } {
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

/** The numbers of slots in a module's memory. */
export class SlotMemory {
  private readonly exports: Exports;
  private readonly memory: WebAssembly.Memory;

  constructor(exports: Exports, memory: WebAssembly.Memory) {
    [this.exports, this.memory] = [exports, memory];
  }

  /** Size in bytes. */
  get size(): number {
    return this.memory.buffer.byteLength;
  }

  /** `length` numbers of a slot from its number `at`, valid until something is allocated. Errors: EngineError. */
  floats(slot: number, at: number, length: number): Float32Array {
    // Growing makes a new buffer: the address comes first.
    const address = this.exports.address(slot, at, length);
    return new Float32Array(this.memory.buffer, address, length);
  }

  /** The same words as integers. */
  integers(slot: number, at: number, length: number): Int32Array {
    const address = this.exports.address(slot, at, length);
    return new Int32Array(this.memory.buffer, address, length);
  }
}
