import { RoFormerError } from "../errors.js";
import { isFromWorker } from "./errors.js";

/** Original stacks, before a caller's lines were appended. */
const bases = new WeakMap<Error, string>();

/**
 * Runs `work`; the stack of an error that it throws later, from a worker or after a wait, ends with the caller's lines. Only
 * errors of this library and of workers are changed. An error that came through several calls ends with the outermost one's
 * lines; with `inner`, the innermost one's.
 */
export async function traced<T>(work: () => Promise<T>, { inner = false } = {}): Promise<T> {
  const caller = framesOf(new Error());
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && (error instanceof RoFormerError || isFromWorker(error))) {
      if (!inner || !bases.has(error)) setCaller(error, caller);
    }
    throw error;
  }
}

function setCaller(error: Error, caller: string): void {
  const base = bases.get(error) ?? error.stack ?? `${error.name}: ${error.message}`;
  bases.set(error, base);
  const stack = caller === "" ? base : `${base}\n    called by:\n${caller}`;
  Object.defineProperty(error, "stack", { value: stack, enumerable: false, writable: true, configurable: true });
}

/** The lines of a stack without the message, which V8 includes, unlike Firefox and Safari. */
function framesOf({ stack = "" }: Error): string {
  const lines = stack.split("\n");
  const first = lines.findIndex((line) => /^\s+at /.test(line));
  return (first < 0 ? lines.filter((line) => line.includes("@")) : lines.slice(first)).join("\n");
}
