/** What can go wrong, by class and `code`. Messages say where, what was got and what was wanted. */
export class RoFormerError extends Error {
  /** A stable name for programs: the class's, in capitals. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
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
  constructor(message: string, options?: ErrorOptions) {
    super("CONFIG_ERROR", message, options);
  }
}

/** A data or tokenizer file, or a row of it, that cannot be used; names file and line. */
export class DataError extends RoFormerError {
  constructor(message: string, options?: ErrorOptions) {
    super("DATA_ERROR", message, options);
  }
}

/** Weights that cannot be read, or that do not belong to the configuration. */
export class CheckpointError extends RoFormerError {
  constructor(message: string, options?: ErrorOptions) {
    super("CHECKPOINT_ERROR", message, options);
  }
}

/** The engine itself: memory used up, a kernel refused a call, an instance that died. */
export class EngineError extends RoFormerError {
  constructor(message: string, options?: ErrorOptions) {
    super("ENGINE_ERROR", message, options);
  }
}

/** The caller's `signal` was aborted. */
export class AbortError extends RoFormerError {
  constructor(message = "aborted", options?: ErrorOptions) {
    super("ABORT_ERROR", message, options);
  }
}
