import type { Model } from "../models/model.js";
import { AdamW } from "../optim/adamw.js";
import * as schedules from "../optim/schedules.js";
import { trainableBut } from "./freezing.js";
import type { ResolvedOptimization } from "./settings/optimization.js";
import type { TrainStepOptions } from "./step.js";

/** What a run of `steps` steps asks of each: rates, the optimizer, and what is trained. Errors: ConfigError. */
export function stepOptions(
  model: Model,
  settings: ResolvedOptimization & { readonly steps: number },
): TrainStepOptions {
  const { seed, weightDecay, maxGradNorm, recompute, featureRedrawInterval, freeze } = settings;
  const names = model.parameters().map(({ name }) => name);
  return {
    ...{ seed, recompute, featureRedrawInterval },
    schedule: rateOf(model, settings),
    trainable: freeze && trainableBut(freeze, names),
    optimizer: (trainable) =>
      new AdamW(trainable, { weightDecay, maxGradNorm, lrScales: scalesOf(model, settings, names) }),
  };
}

/**
 * The rate by step. Schedules count from the end of a rise that begins at 0, and to the end of a fall to 0: the first step has the
 * schedule's second rate and the last one that before its end, so that no step is without effect.
 */
export function rateOf(
  { config }: Model,
  { steps, schedule, lr, warmup, warmupSteps }: ResolvedOptimization & { readonly steps: number },
): (step: number) => number {
  const rising = warmupSteps ?? Math.round(warmup * steps);
  const width = config.hidden_size;
  const rate = schedules.create(schedule, {
    lr,
    warmup: rising,
    total: steps + 1,
    ...(schedule === "noam" && { width }),
  });
  return (done) => rate(done + 1);
}

/** Rates of lower layers, if they are to be lower. */
function scalesOf({ config }: Model, { layerDecay: decay }: ResolvedOptimization, names: readonly string[]) {
  if (decay === 1) return undefined;
  return schedules.layerDecay(names, { numHiddenLayers: config.num_hidden_layers, decay });
}
