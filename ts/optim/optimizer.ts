import type { Names } from "../options.js";

/** Where a parameter that is trained lies in the flat buffers of its model, in numbers. */
export interface Place {
  /** The parameter's name. */
  readonly name: string;
  /** Its dimensions. */
  readonly shape: readonly number[];
  /** Its first number among the values. */
  readonly offset: number;
  /** Its first number among the gradients, which have no room for frozen parameters. */
  readonly gradientOffset: number;
  /** How many there are. */
  readonly length: number;
}

/** The flat buffers that an optimizer reads and changes: those of a `ParameterStore`. */
export interface ParameterBuffers {
  /** The names of all parameters, frozen ones too. */
  readonly names: ReadonlySet<string>;
  /** Slot of all values; 0 for a model that is closed. */
  readonly values: number;
  /** Slot of all gradients; 0 until {@link requireGradients}. */
  readonly gradients: number;
  /** Numbers in {@link gradients}, gaps included. */
  readonly gradientSize: number;
  /** Where each parameter that is not frozen lies, in the order of declaration; none until {@link requireGradients}. */
  trained(): Place[];
  /**
   * Makes memory for the gradients of what is not frozen, if there is none yet. Errors: ConfigError for int8 weights, EngineError
   * where there is no memory.
   */
  requireGradients(): void;
  /** Sets every gradient to 0. */
  zeroGradients(): void;
  /** Notes an optimizer: until the function that this gives is called, nothing can be frozen or thawed. */
  hold(): () => void;
}

/** What an optimizer needs of a model. */
export interface Trainable {
  /** Its parameters and their gradients. */
  readonly store: ParameterBuffers;
  /** Ends of the names of parameters that do not decay, where the optimizer's options name none. */
  readonly noDecay?: readonly string[] | undefined;
}

/** Settings of one step of an {@link Optimizer}. */
export interface StepOptions {
  /**
   * Learning rate of this step, ≥ 0.
   * @default the optimizer's
   */
  readonly lr?: number | undefined;
}

/** The names of {@link StepOptions}. */
export const STEP: Names<StepOptions> = { lr: true };

/** What a step of an {@link Optimizer} found. */
export interface OptimizerStep {
  /** Norm of all gradients together, before clipping. */
  gradNorm: number;
}

/** A tensor of an optimizer's state. */
export interface StateTensor {
  /** The parameter's name, and what this is of it: `….weight.exp_avg`. */
  readonly name: string;
  /** The parameter's dimensions. */
  readonly shape: readonly number[];
  /** The numbers, row-major, copied when this is called. */
  read(): Float32Array | Promise<Float32Array>;
}

/** All that an {@link Optimizer} needs to go on exactly where a run stopped. */
export interface OptimizerState {
  /** Steps made. */
  readonly step: number;
  /** What the optimizer keeps of each parameter that is trained; a tensor is copied when it is read. */
  readonly tensors: readonly StateTensor[];
}

/** Changes the parameters of one model by their gradients. */
export interface Optimizer {
  /**
   * Changes every parameter that is not frozen by its gradient, then clears the gradients. Errors, which change nothing:
   * ConfigError for a wrong rate; EngineError for gradients that are not finite, for a model that is closed or an optimizer that
   * is freed, or while `restore` runs.
   */
  step(options?: StepOptions): OptimizerStep;
  /** Clears the gradients. */
  zeroGrad(): void;
  /** Where it stands. Its tensors are those of the steps made when they are read. */
  state(): OptimizerState;
  /**
   * Goes on from a {@link Optimizer.state}, whose tensors are read one at a time, in their order. Errors, which change nothing:
   * CheckpointError that names what is missing, unexpected or of another shape or length, what reading a tensor throws, and
   * EngineError for an optimizer that is freed or that another call restores.
   */
  restore(state: OptimizerState): Promise<void>;
  /** Gives its memory back; the model and its gradients stay. */
  free(): void;
}
