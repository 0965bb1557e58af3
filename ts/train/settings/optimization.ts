import * as schedules from "../../optim/schedules.js";
import {
  flag,
  notNegative,
  oneOf,
  positive,
  rate,
  type Settings,
  scale,
  seed,
  share,
  texts,
  type WithDefaults,
  whole,
} from "./rules.js";

type ScheduleName = schedules.ScheduleName;

/** How any model is trained. */
export interface OptimizationSettings {
  /**
   * Highest learning rate.
   * @default 1e-3, in `finetune` 5e-4 for texts of 256 tokens; with `init` 1e-4 in `pretrain`, in `finetune` by the size: 5e-5 for 22 million parameters
   */
  readonly lr?: number | undefined;
  /**
   * How the learning rate changes after the warm-up.
   * @default "linear"
   */
  readonly schedule?: ScheduleName | undefined;
  /**
   * Share of the steps in which the learning rate rises, 0 to 1.
   * @default 0.1
   */
  readonly warmup?: number | undefined;
  /**
   * Steps in which the learning rate rises, instead of `warmup`.
   * @default what `warmup` gives
   */
  readonly warmupSteps?: number | undefined;
  /**
   * Each layer's learning rate as a share of that of the layer above.
   * @default 1
   */
  readonly layerDecay?: number | undefined;
  /**
   * Parameters that are not trained: parts of their names, in which * stands for anything.
   * @default none
   */
  readonly freeze?: readonly string[] | undefined;
  /**
   * Micro-batches whose gradients a step adds up: each has the rows of a batch.
   * @default 1
   */
  readonly gradientAccumulationSteps?: number | undefined;
  /**
   * Decay of the exponential moving average of the weights, which is what is evaluated and saved.
   * @default no average
   */
  readonly ema?: number | undefined;
  /**
   * Decoupled weight decay, not for biases and layer normalizations.
   * @default 0.01
   */
  readonly weightDecay?: number | undefined;
  /**
   * Norm to which gradients are clipped.
   * @default 1
   */
  readonly maxGradNorm?: number | undefined;
  /**
   * Computes each layer twice for its gradients: less memory, a third more time, the same model.
   * @default false
   */
  readonly recompute?: boolean | undefined;
  /**
   * Steps after which a Performer draws its random features again.
   * @default never
   */
  readonly featureRedrawInterval?: number | undefined;
  /**
   * Seed of all random numbers of the run.
   * @default 0
   */
  readonly seed?: number | undefined;
}

/** The table of {@link OptimizationSettings}. */
export const OPTIMIZATION = {
  lr: {
    ...{ rule: positive, unit: "rate", help: "Highest learning rate" },
    usually:
      "1e-3, in `finetune` 5e-4 for texts of 256 tokens; with `init` 1e-4 in `pretrain`, in `finetune` by the size: 5e-5 for 22 million parameters",
  },
  schedule: {
    ...{ rule: oneOf(schedules.names), unit: "name", help: "How the learning rate changes after the warm-up" },
    default: "linear",
  },
  warmup: {
    ...{ rule: share, unit: "share", help: "Share of the steps in which the learning rate rises, 0 to 1" },
    default: 0.1,
  },
  warmupSteps: {
    ...{ rule: whole(0), unit: "steps", help: "Steps in which the learning rate rises, instead of `warmup`" },
    usually: "what `warmup` gives",
  },
  layerDecay: {
    ...{
      rule: scale,
      unit: "factor",
      help: "Each layer's learning rate as a share of that of the layer above",
      default: 1,
    },
  },
  freeze: {
    ...{ rule: texts, unit: "patterns", usually: "none" },
    help: "Parameters that are not trained: parts of their names, in which * stands for anything",
  },
  gradientAccumulationSteps: {
    ...{ rule: whole(1), unit: "number", default: 1 },
    help: "Micro-batches whose gradients a step adds up: each has the rows of a batch",
  },
  ema: {
    ...{ rule: rate, unit: "decay", usually: "no average" },
    help: "Decay of the exponential moving average of the weights, which is what is evaluated and saved",
  },
  weightDecay: {
    ...{ rule: notNegative, unit: "rate", help: "Decoupled weight decay, not for biases and layer normalizations" },
    default: 0.01,
  },
  maxGradNorm: { rule: positive, unit: "norm", help: "Norm to which gradients are clipped", default: 1 },
  recompute: {
    rule: flag,
    help: "Computes each layer twice for its gradients: less memory, a third more time, the same model",
    default: false,
  },
  featureRedrawInterval: {
    ...{ rule: whole(1), unit: "steps", usually: "never" },
    help: "Steps after which a Performer draws its random features again",
  },
  seed: { rule: seed, unit: "number", help: "Seed of all random numbers of the run", default: 0 },
} as const satisfies Settings<OptimizationSettings>;

/** Optimization with nothing left open but what may stay so. */
export type ResolvedOptimization = WithDefaults<OptimizationSettings, typeof OPTIMIZATION> & { readonly lr: number };
