import { engine } from "../engine/engine.js";
import { ConfigError, EngineError } from "../errors.js";
import { checkOptions, given, type Names } from "../options.js";
import { noScope, scope } from "../tensor/scope.js";
import { integers, type Tensor, zeros } from "../tensor/tensor.js";
import {
  type Optimizer,
  type OptimizerStep,
  type ParameterBuffers,
  STEP,
  type StepOptions,
  type Trainable,
} from "./optimizer.js";

/** Settings of {@link AdamW}; the defaults are PyTorch's. */
export interface AdamWOptions {
  /**
   * Learning rate, ≥ 0, unless a step says otherwise.
   * @default 10⁻³
   */
  readonly lr?: number | undefined;
  /**
   * Decay rates of the first and second moments, from 0 to below 1.
   * @default 0.9 and 0.999
   */
  readonly betas?: readonly [number, number] | undefined;
  /**
   * Added to the root of the second moment, ≥ 0.
   * @default 10⁻⁸
   */
  readonly eps?: number | undefined;
  /**
   * Decoupled decay, ≥ 0: a step first takes lr · weightDecay of each value.
   * @default 0.01
   */
  readonly weightDecay?: number | undefined;
  /**
   * Ends of the names of parameters that do not decay.
   * @default what the model says; else biases and the weights of LayerNorm
   */
  readonly noDecay?: readonly string[] | undefined;
  /**
   * Gradients are scaled down so that the norm of all together is at most this.
   * @default none
   */
  readonly maxGradNorm?: number | undefined;
}

/** The names of {@link AdamWOptions}. */
export const ADAMW: Names<AdamWOptions> = {
  ...{ lr: true, betas: true, eps: true, weightDecay: true, noDecay: true, maxGradNorm: true },
};

/** The same without undefined. */
type Defined<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> };

/** Moments and step count, to go on exactly where a run stopped. */
export interface AdamWState {
  /** Steps made. */
  readonly step: number;
  /** First moments, flat, in the order of the store: `[store.size]`. */
  readonly m: Float32Array;
  /** Second moments, likewise. */
  readonly v: Float32Array;
}

/**
 * AdamW (Loshchilov & Hutter 2019) with clipping by the global norm (PyTorch's `clip_grad_norm_`), over the flat buffers of a
 * model: one call a step.
 */
export class AdamW implements Optimizer {
  private readonly store: ParameterBuffers;
  private readonly options: Required<Defined<AdamWOptions>>;
  private readonly m: Tensor;
  private readonly v: Tensor;
  private readonly segments: Tensor;
  private steps = 0;

  /**
   * Makes memory for the model's gradients and for two moments of every parameter. Errors: ConfigError for a wrong option or a
   * model with int8 weights, EngineError where there is no memory.
   */
  constructor(model: Trainable, options: AdamWOptions = {}) {
    checkOptions("AdamW", options, ADAMW);
    this.store = model.store;
    this.options = {
      lr: 1e-3,
      betas: [0.9, 0.999],
      eps: 1e-8,
      weightDecay: 0.01,
      noDecay: model.noDecay ?? ["bias", "LayerNorm.weight"],
      maxGradNorm: Number.POSITIVE_INFINITY,
      ...(given(options) as Defined<AdamWOptions>),
    };
    check(this.options);
    this.store.requireGradients();
    const size = [this.store.size];
    // All or none: what was made before memory ran out ends with the scope.
    const make = () => [zeros(size), zeros(size), integers(this.makeSegments())] as const;
    [this.m, this.v, this.segments] = noScope(() => scope(make));
  }

  /** (offset, length, scale of the rate, scale of the decay) for each parameter; the scales are f32. */
  private makeSegments(): Int32Array {
    const layout = this.store.layout();
    const words = new Int32Array(4 * layout.length);
    const scales = new Float32Array(words.buffer);
    for (const [i, { name, offset, length }] of layout.entries()) {
      words.set([offset, length], 4 * i);
      scales.set([1, this.options.noDecay.some((end) => name.endsWith(end)) ? 0 : 1], 4 * i + 2);
    }
    return words;
  }

  /**
   * Changes every parameter by its gradient, then clears the gradients. Errors: ConfigError for a wrong rate, EngineError for a
   * model that is closed or an optimizer that is freed.
   */
  step(options: StepOptions = {}): OptimizerStep {
    checkOptions("AdamW.step", options, STEP);
    const { lr = this.options.lr } = options;
    check({ ...this.options, lr });
    const { betas, eps, weightDecay, maxGradNorm } = this.options;
    if (this.store.values === 0) throw new EngineError("AdamW.step: the model is closed");
    if (this.m.slot === 0) throw new EngineError("AdamW.step: the optimizer is freed");
    const gradNorm = Math.sqrt(engine().sum_of_squares(this.store.gradients));
    const clip = Math.min(1, maxGradNorm / (gradNorm + 1e-6)); // as PyTorch's clip_grad_norm_
    const buffers = [this.store.values, this.store.gradients, this.m.slot, this.v.slot, this.segments.slot] as const;
    engine().adamw(...buffers, lr, ...betas, eps, weightDecay, ++this.steps, clip);
    this.zeroGrad();
    return { gradNorm };
  }

  /** Clears the gradients. */
  zeroGrad(): void {
    this.store.zeroGradients();
  }

  /** Moments and step count, copied. */
  state(): AdamWState {
    return { step: this.steps, m: this.m.read(), v: this.v.read() };
  }

  /** Goes on from a {@link state}. Errors: ShapeError for one of a model of another size. */
  restore({ step, m, v }: AdamWState): void {
    this.steps = step;
    this.m.write(m);
    this.v.write(v);
  }

  /** Gives the moments' memory back. */
  free(): void {
    for (const buffer of [this.m, this.v, this.segments]) buffer.free();
  }
}

function check({ lr, betas, eps, weightDecay, noDecay, maxGradNorm }: Required<Defined<AdamWOptions>>): void {
  const bad = (name: string, value: unknown, want: string) =>
    new ConfigError(`AdamW: ${name} is ${value}, not ${want}`);
  if (!(typeof lr === "number" && lr >= 0 && lr < Infinity)) throw bad("lr", lr, "a number ≥ 0");
  if (!Array.isArray(betas) || betas.length !== 2 || !betas.every((beta) => beta >= 0 && beta < 1))
    throw bad("betas", betas, "two numbers from 0 to below 1");
  if (!(eps >= 0)) throw bad("eps", eps, "a number ≥ 0");
  if (!(weightDecay >= 0)) throw bad("weightDecay", weightDecay, "a number ≥ 0");
  if (!Array.isArray(noDecay)) throw bad("noDecay", noDecay, "a list of ends of names");
  if (!(maxGradNorm > 0)) throw bad("maxGradNorm", maxGradNorm, "a positive number");
}
