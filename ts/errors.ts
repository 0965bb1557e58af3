/**
 * What a program may want to tell apart within one class: a full queue (retry later), a file, model or column that does not exist,
 * a network that failed, a server that stayed silent, a caller's abort, memory that ran out, something used after `close()` or
 * after its worker or engine ended.
 */
export type ErrorReason = "queue-full" | "not-found" | "network" | "timeout" | "aborted" | "out-of-memory" | "closed";

/** What an error is made with beside its message. */
export interface RoFormerErrorOptions extends ErrorOptions {
  /** The cause in one word, for programs. Default: undefined. */
  readonly reason?: ErrorReason | undefined;
}

/** What can go wrong, by class and `code`. Messages say where, what was found and what was expected. */
export class RoFormerError extends Error {
  /** A stable name for programs: the class's, in capitals. */
  readonly code: string;
  /** The cause in one word where a program may want to act on it. Default: undefined. */
  readonly reason: ErrorReason | undefined;

  constructor(code: string, message: string, options?: RoFormerErrorOptions) {
    super(message, options);
    this.code = code;
    this.reason = options?.reason;
    // Not the class's own name, which minifiers change.
    this.name = code.toLowerCase().replace(/(^|_)([a-z])/g, (_, _before, letter: string) => letter.toUpperCase());
  }
}

/** Tensors or arrays that do not fit each other: the place, what was got, what was wanted. */
export class ShapeError extends RoFormerError {
  constructor(where: string, got: unknown, want: string) {
    super("SHAPE_ERROR", `${where} is ${Array.isArray(got) ? `[${got.join(", ")}]` : String(got)}, not ${want}`);
  }
}

/** A model's or a training run's configuration that cannot be used; names the field. */
export class ConfigError extends RoFormerError {
  constructor(message: string, options?: RoFormerErrorOptions) {
    super("CONFIG_ERROR", message, options);
  }
}

/** A data or tokenizer file, or a row of it, that cannot be used; names file and line. */
export class DataError extends RoFormerError {
  constructor(message: string, options?: RoFormerErrorOptions) {
    super("DATA_ERROR", message, options);
  }
}

/** Weights that cannot be read, or that do not belong to the configuration. */
export class CheckpointError extends RoFormerError {
  constructor(message: string, options?: RoFormerErrorOptions) {
    super("CHECKPOINT_ERROR", message, options);
  }
}

/** What an {@link UnsavedError} carries. */
export interface Unsaved<R> {
  /** What the training would have returned. The caller closes its model. */
  readonly result: R;
  /** The folder where the model is saved instead. Undefined: no place took it. */
  readonly savedIn: string | undefined;
}

/** A model was trained and could not be saved where it should be. It is not lost: see `result` and `savedIn`. */
export class UnsavedError<R = unknown> extends CheckpointError implements Unsaved<R> {
  readonly result: R;
  readonly savedIn: string | undefined;

  constructor(message: string, { result, savedIn }: Unsaved<R>, options?: RoFormerErrorOptions) {
    super(message, options);
    this.result = result;
    this.savedIn = savedIn;
  }
}

/** The engine itself: memory used up, a kernel refused a call, an instance that died. */
export class EngineError extends RoFormerError {
  constructor(message: string, options?: RoFormerErrorOptions) {
    super("ENGINE_ERROR", message, options);
  }
}

/** The caller's `signal` was aborted. */
export class AbortError extends RoFormerError {
  constructor(message = "aborted", options?: RoFormerErrorOptions) {
    super("ABORT_ERROR", message, { reason: "aborted", ...options });
  }
}
