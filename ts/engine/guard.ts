import { EngineError } from "../errors.js";
import type * as glue from "../wasm/glue.js";

/** The kernels, as `crates/wasm` exports them: numbers in, numbers out. */
export type Kernels = Omit<typeof glue, "default" | "initSync" | "threaded">;

/** The exports of an instance, safe to call, and a way to declare it dead. */
export interface Guard {
  readonly kernels: Kernels;
  /** From now on every call is an `EngineError` that says so. */
  bury(reason: string): void;
}

/** Words that a module's memory can have at most. */
const MOST_WORDS = 2 ** 30;

/** What a dead engine leaves to do. */
const ADVICE = "start a new process or worker";

/** The exports, with what they throw turned into an `EngineError`. After a trap the instance is dead. */
export function guarded(exports: typeof glue): Guard {
  let died: EngineError | undefined;
  const bury = (reason: string, cause?: unknown): EngineError => {
    died ??= new EngineError(`the engine died: ${reason}; ${ADVICE}`, { cause, reason: "closed" });
    return died;
  };
  const guard = (name: string, call: (...values: unknown[]) => unknown) => {
    return (...values: unknown[]) => {
      if (died) throw died;
      try {
        return call(...values);
      } catch (error) {
        const { message } = error as Error;
        if (!(error instanceof WebAssembly.RuntimeError)) throw refused(message, error);
        throw bury(exports.team_failed() ? `a thread died in ${name}` : `${message} in ${name}`, error);
      }
    };
  };
  const kernels = Object.entries(exports).flatMap(([name, call]) =>
    typeof call !== "function" || name === "default" || name === "initSync"
      ? []
      : [[name, guard(name, call as (...values: unknown[]) => unknown)]],
  );
  return { kernels: bounded(Object.fromEntries(kernels) as Kernels), bury };
}

/** What the module says where there is no room begins so: `Problem::out_of_memory` in crates/wasm. */
const OUT_OF_MEMORY = "out of memory: ";

const refused = (message: string, cause?: unknown): EngineError =>
  new EngineError(message, { cause, reason: message.startsWith(OUT_OF_MEMORY) ? "out-of-memory" : undefined });

/** A size beyond 32 bits would lose its upper ones on its way into the module, and too little memory would be made. */
function bounded(kernels: Kernels): Kernels {
  const alloc = (words: number): number => {
    if (words <= MOST_WORDS) return kernels.alloc(words);
    const mebibytes = (bytes: number) => Math.ceil(bytes / 2 ** 20);
    throw refused(
      `${OUT_OF_MEMORY}${mebibytes(4 * words)} MiB asked for, ${mebibytes(kernels.used_bytes())} MiB in use`,
    );
  };
  return { ...kernels, alloc };
}
