import { EngineError, type ErrorReason } from "../../errors.js";
import type * as glue from "../../wasm/glue.js";

/** The exports of a module but those that start it. */
export type Exports = Omit<typeof glue, "default" | "initSync" | "threaded">;

/** The exports of an instance, safe to call, and a way to declare it dead. */
export interface Guard {
  readonly exports: Exports;
  /** From now on every call is an `EngineError` that says so. */
  bury(reason: string): void;
}

/** Words that a module's memory can have at most. */
const MOST_WORDS = 2 ** 30;

/** What a dead engine leaves to do. */
const ADVICE = "start a new process or worker";

/** The exports, with what they throw turned into an `EngineError`. After a trap the instance is dead. */
export function guarded(instance: typeof glue): Guard {
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
        if (!(error instanceof WebAssembly.RuntimeError)) throw refused(error as Refusal);
        throw bury(instance.team_failed() ? `a thread died in ${name}` : `${error.message} in ${name}`, error);
      }
    };
  };
  const exports = Object.entries(instance).flatMap(([name, call]) =>
    typeof call !== "function" || name === "default" || name === "initSync"
      ? []
      : [[name, guard(name, call as (...values: unknown[]) => unknown)]],
  );
  return { exports: bounded(Object.fromEntries(exports) as Exports), bury };
}

/** What an export that refuses a call throws: `Problem` in crates/wasm, whose kind is the reason. */
type Refusal = Error & { readonly reason?: ErrorReason | undefined };

const refused = (problem: Refusal): EngineError =>
  new EngineError(problem.message, { cause: problem, reason: problem.reason });

/** A size beyond 32 bits would lose its upper ones on its way into the module, and too little memory would be made. */
function bounded(exports: Exports): Exports {
  const alloc = (words: number): number => {
    if (words <= MOST_WORDS) return exports.alloc(words);
    const mebibytes = (bytes: number) => Math.ceil(bytes / 2 ** 20);
    const [wanted, used] = [4 * words, exports.used_bytes()].map(mebibytes);
    throw new EngineError(`out of memory: ${wanted} MiB asked for, ${used} MiB in use`, { reason: "out-of-memory" });
  };
  return { ...exports, alloc };
}
