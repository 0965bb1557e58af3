import type { Names } from "../options.js";

/** Where a parameter lies in the flat buffers of its model, in numbers. */
export interface Place {
  /** The parameter's name. */
  name: string;
  /** Its first number. */
  offset: number;
  /** How many there are. */
  length: number;
}

/** The flat buffers that an optimizer reads and changes: those of a `ParameterStore`. */
export interface ParameterBuffers {
  /** Slot of all values; 0 for a model that is closed. */
  readonly values: number;
  /** Slot of all gradients; 0 until {@link requireGradients}. */
  readonly gradients: number;
  /** Numbers in each buffer, gaps included. */
  readonly size: number;
  /** Where each parameter lies in them. */
  layout(): Place[];
  /** Makes memory for gradients, if there is none yet. Errors: ConfigError for int8 weights, EngineError where there is no memory. */
  requireGradients(): void;
  /** Sets every gradient to 0. */
  zeroGradients(): void;
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

/** Changes the parameters of one model by their gradients. */
export interface Optimizer {
  /** Changes every parameter by its gradient, then clears the gradients. Errors: ConfigError for a wrong rate. */
  step(options?: StepOptions): OptimizerStep;
  /** Clears the gradients. */
  zeroGrad(): void;
  /** Gives its memory back; the model and its gradients stay. */
  free(): void;
}
