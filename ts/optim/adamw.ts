import { engine } from "../engine/engine.js";
import { ConfigError, EngineError } from "../errors.js";
import { checkOptions, given, type Names } from "../options.js";
import { noScope } from "../tensor/scope.js";
import { integers, type Tensor } from "../tensor/tensor.js";
import { clip } from "./clip.js";
import { Moments } from "./moments.js";
import {
  type Optimizer,
  type OptimizerState,
  type OptimizerStep,
  type ParameterBuffers,
  type Place,
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
  /**
   * What a parameter's learning rate is multiplied by, ≥ 0: by name, as `schedules.layerDecay` gives it, where a name that is
   * missing means 1; or a function of the name. At 0 the parameter stays as it is.
   * @default 1 for all
   */
  readonly lrScales?: ReadonlyMap<string, number> | ((name: string) => number) | undefined;
}

const ADAMW: Names<AdamWOptions> = {
  ...{ lr: true, betas: true, eps: true, weightDecay: true, noDecay: true, maxGradNorm: true, lrScales: true },
};

/** The same without undefined. */
type Defined<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> };

/** Words of a segment as the kernel takes it. */
const SEGMENT = 5;

/**
 * AdamW (Loshchilov & Hutter 2019) with clipping by the global norm (PyTorch's `clip_grad_norm_`), over the flat buffers of a
 * model: one call a step. Its state has PyTorch's names, `exp_avg` and `exp_avg_sq`.
 */
export class AdamW implements Optimizer {
  private readonly store: ParameterBuffers;
  private readonly options: Required<Defined<AdamWOptions>>;
  private readonly segments: Tensor;
  private readonly moments: Moments;
  private steps = 0;

  /**
   * Makes memory for gradients and for two moments of every parameter that is not frozen. Errors: ConfigError for a wrong option
   * or a model with int8 weights, EngineError where there is no memory.
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
      lrScales: () => 1,
      ...(given(options) as Defined<AdamWOptions>),
    };
    check(this.options);
    const lrScale = scales(this.options.lrScales, this.store);
    this.moments = new Moments(this.store, ["exp_avg", "exp_avg_sq"]);
    try {
      this.segments = noScope(() => integers(this.makeSegments(this.moments.places, lrScale)));
    } catch (error) {
      this.moments.free();
      throw error;
    }
  }

  /** (offset of the values, of the gradients, length, scale of the rate, of the decay) for each parameter; scales are f32. */
  private makeSegments(places: readonly Place[], lrScale: (name: string) => number): Int32Array {
    const words = new Int32Array(SEGMENT * places.length);
    const numbers = new Float32Array(words.buffer);
    for (const [i, { name, offset, gradientOffset, length }] of places.entries()) {
      words.set([offset, gradientOffset, length], SEGMENT * i);
      const decay = this.options.noDecay.some((end) => name.endsWith(end)) ? 0 : 1;
      numbers.set([lrScale(name), decay], SEGMENT * i + 3);
    }
    return words;
  }

  step(options: StepOptions = {}): OptimizerStep {
    checkOptions("AdamW.step", options, STEP);
    const { lr = this.options.lr } = options;
    check({ ...this.options, lr });
    const { betas, eps, weightDecay, maxGradNorm } = this.options;
    if (this.store.values === 0) throw new EngineError("AdamW.step: the model is closed", { reason: "closed" });
    const [m, v] = this.moments.take("AdamW.step") as [number, number];
    const { gradNorm, scale } = clip(this.store, maxGradNorm);
    if (!Number.isFinite(gradNorm))
      throw new EngineError(`AdamW.step: the norm of the gradients is ${gradNorm}: lower the learning rate`);
    const buffers = [this.store.values, this.store.gradients, m, v, this.segments.slot] as const;
    engine().adamw(...buffers, lr, ...betas, eps, weightDecay, ++this.steps, scale);
    this.zeroGrad();
    return { gradNorm };
  }

  zeroGrad(): void {
    this.store.zeroGradients();
  }

  state(): OptimizerState {
    return { step: this.steps, tensors: this.moments.tensors() };
  }

  async restore(state: OptimizerState): Promise<void> {
    await this.moments.restore("AdamW.restore", state);
    this.steps = state.step;
  }

  free(): void {
    this.moments.free();
    this.segments.free();
  }
}

/** Whether it is a number from 0 that the kernels' 32 bits can hold. */
const isRate = (value: unknown): boolean =>
  typeof value === "number" && value >= 0 && Number.isFinite(Math.fround(value));

/** The scale of each parameter's rate. */
function scales(lrScales: Required<Defined<AdamWOptions>>["lrScales"], { names }: ParameterBuffers) {
  const scaleOf = typeof lrScales === "function" ? lrScales : (name: string) => lrScales.get(name) ?? 1;
  const stray = typeof lrScales === "function" ? [] : [...lrScales.keys()].filter((name) => !names.has(name));
  if (stray.length > 0)
    throw new ConfigError(`AdamW: lrScales names ${stray[0]}, which is not a parameter of the model`);
  for (const name of names) {
    const scale = scaleOf(name);
    if (!isRate(scale))
      throw new ConfigError(`AdamW: the scale of the rate of ${name} is ${scale}; expected a number ≥ 0`);
  }
  return scaleOf;
}

function check({ lr, betas, eps, weightDecay, noDecay, maxGradNorm, lrScales }: Required<Defined<AdamWOptions>>): void {
  const bad = (name: string, value: unknown, want: string) =>
    new ConfigError(`AdamW: ${name} is ${value}, not ${want}`);
  for (const [name, value] of Object.entries({ lr, eps, weightDecay }))
    if (!isRate(value)) throw bad(name, value, "a number ≥ 0");
  if (!Array.isArray(betas) || betas.length !== 2 || !betas.every((beta) => isRate(beta) && beta < 1))
    throw bad("betas", betas, "two numbers from 0 to below 1");
  if (!Array.isArray(noDecay) || !noDecay.every((end) => typeof end === "string"))
    throw bad("noDecay", noDecay, "a list of ends of names");
  if (!(typeof maxGradNorm === "number" && maxGradNorm > 0)) throw bad("maxGradNorm", maxGradNorm, "a positive number");
  if (!(lrScales instanceof Map || typeof lrScales === "function"))
    throw bad("lrScales", lrScales, "a Map of names to numbers, or a function of a name");
}
