import { compileTokenizer, unreadableTokenizer } from "../engine/wasm/source.js";
import { EngineError } from "../errors.js";

/** The exports of `crates/tokenizer`. */
export type Glue = typeof import("./glue.js");

/** A tokenizer in the module; it becomes stale when the instance is replaced. */
export type Handle = import("../wasm/tokenizer/tokenizer.js").Handle;

/** The tokenizer module. After a trap the instance is replaced; its tokenizers are reopened on demand. */
export class Native {
  readonly #glue: Glue;
  #generation = 0;
  #dead: EngineError | undefined;

  constructor(glue: Glue) {
    this.#glue = glue;
  }

  /** Number of the instance: a handle of another generation is stale. */
  get generation(): number {
    return this.#generation;
  }

  /** Runs `body`. Errors of the module are converted by `refuse`; a trap is an EngineError. */
  call<T>(place: string, refuse: (message: string, cause: unknown) => Error, body: (glue: Glue) => T): T {
    if (this.#dead) throw this.#dead;
    try {
      return body(this.#glue);
    } catch (error) {
      // The module throws plain errors. A RuntimeError or RangeError is a trap or a stack overflow.
      if ((error as Error)?.constructor === Error) throw refuse((error as Error).message, error);
      throw this.#replace(
        new EngineError(`${place}: the tokenizer failed (${(error as Error).message})`, { cause: error }),
      );
    }
  }

  #replace(error: EngineError): EngineError {
    this.#generation++;
    try {
      this.#glue.__wbg_reset_state();
    } catch {
      this.#dead = error;
    }
    return error;
  }
}

let starting: Promise<Native> | undefined;

/** The module, loaded and compiled on first use. Errors: EngineError if it cannot be read or compiled. */
export function loadNative(): Promise<Native> {
  starting ??= start().catch((error) => {
    starting = undefined;
    throw unreadableTokenizer(error);
  });
  return starting;
}

async function start(): Promise<Native> {
  const [glue, module] = await Promise.all([import("./glue.js"), compileTokenizer()]);
  glue.initSync({ module });
  return new Native(glue);
}
