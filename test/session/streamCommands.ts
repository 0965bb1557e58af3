import { AbortError, DataError } from "../../ts/errors.js";
import type { CommandTable } from "../../ts/session/host.js";

/** What a test's listeners and signal look like in the worker. */
interface Hooks {
  readonly onValue?: (...args: unknown[]) => void;
  readonly onLate?: (n: number) => void;
  readonly signal?: AbortSignal;
}

/** Commands that return streams, which a test may look into. */
export function streamCommands() {
  const log: string[] = [];
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const commands = {
    /** What has happened so far. */
    log: () => [...log],
    /** The numbers below `end`; the generator heeds its signal. */
    async *count(end: number, { onValue, signal }: Hooks = {}) {
      log.push("begin");
      try {
        for (let i = 0; i < end; i++) {
          signal?.throwIfAborted();
          log.push(`make ${i}`);
          onValue?.(i, i * i);
          yield i;
        }
        return "all";
      } finally {
        log.push("end");
      }
    },
    /** Ten numbers, with no regard to the signal, `wait` milliseconds apart. */
    async *slow(wait: number, _options: Hooks = {}) {
      try {
        for (let i = 0; i < 10; i++) {
          await pause(wait);
          yield i;
        }
      } finally {
        log.push("end slow");
      }
    },
    /** Waits for its signal. */
    async *heed({ signal }: Hooks) {
      await new Promise((resolve) => signal?.addEventListener("abort", resolve));
      if (signal?.aborted) throw new AbortError("stopped in its step");
      yield 1;
    },
    /** Yields one number, then fails. */
    async *failing() {
      yield 1;
      throw new DataError("rows.csv: line 2 is broken");
    },
    /** Gives back what it is sent or thrown. */
    async *echo() {
      let got: unknown = "first";
      while (got !== "stop") {
        try {
          got = yield got;
        } catch (error) {
          got = [error instanceof DataError, (error as Error).message];
        }
      }
      return "stopped";
    },
    /** An array whose buffer moves, and whether the one before has moved. */
    async *arrays() {
      let last: Float32Array | undefined;
      for (let i = 0; i < 3; i++) {
        const moved = last?.length === 0;
        last = new Float32Array(4).fill(i);
        yield { values: last, moved };
      }
    },
    /** An iterator that is no generator: it has `next` alone. */
    bare: () => {
      let i = 0;
      return { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: i === 2, value: i++ }) }) };
    },
    /** What cannot be cloned. */
    async *functions() {
      try {
        yield () => 1;
      } finally {
        log.push("end functions");
      }
    },
    /** Calls listeners while it runs, and one after it has ended. */
    async listens({ onValue, onLate }: Hooks) {
      onValue?.("a", 1);
      setTimeout(() => onLate?.(1), 5);
      return 7;
    },
    exit: () => process.exit(3),
  };
  return { commands, immediate: new Set<string>(["log", "exit"]) } satisfies CommandTable;
}

/** The commands, as a link is typed by them. */
export type StreamCommands = ReturnType<typeof streamCommands>["commands"];
