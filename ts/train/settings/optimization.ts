import { flag, notNegative, positive, type Settings, seed, share, type WithDefaults, whole } from "./rules.js";

/** How any model is trained. */
export interface OptimizationSettings {
  /**
   * Highest learning rate.
   * @default 1e-3; with `init` 5e-5 in `finetune`, 1e-4 in `pretrain`
   */
  readonly lr?: number | undefined;
  /**
   * Share of the steps in which the learning rate rises, 0 to 1.
   * @default 0.1
   */
  readonly warmup?: number | undefined;
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
   * What every random number of the run follows from.
   * @default 0
   */
  readonly seed?: number | undefined;
}

/** The table of {@link OptimizationSettings}. */
export const OPTIMIZATION = {
  lr: {
    ...{ rule: positive, unit: "rate", help: "Highest learning rate" },
    usually: "1e-3; with `init` 5e-5 in `finetune`, 1e-4 in `pretrain`",
  },
  warmup: {
    ...{ rule: share, unit: "share", help: "Share of the steps in which the learning rate rises, 0 to 1" },
    default: 0.1,
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
  seed: { rule: seed, unit: "number", help: "What every random number of the run follows from", default: 0 },
} as const satisfies Settings<OptimizationSettings>;

/** Optimization with nothing left open but what may stay so. */
export type ResolvedOptimization = WithDefaults<OptimizationSettings, typeof OPTIMIZATION> & { readonly lr: number };
