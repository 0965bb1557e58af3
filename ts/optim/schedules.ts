/**
 * Learning rates by the number of the update: Hugging Face's (`transformers.optimization`), fairseq's and Noam's.
 *
 * @module
 */

import { ConfigError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";

/** What a schedule may be made from; which of it counts is the schedule's business. */
export interface ScheduleOptions {
  /** The rate at the end of the warm-up, ≥ 0. Not for `noam`, whose rate follows from the width. */
  readonly lr?: number | undefined;
  /**
   * Updates until it is reached; the first one's rate is 0.
   * @default 0
   */
  readonly warmup?: number | undefined;
  /** Updates in all, which those that fall to an end need. */
  readonly total?: number | undefined;
  /**
   * Waves of a cosine.
   * @default 0.5, with restarts 1
   */
  readonly numCycles?: number | undefined;
  /**
   * The exponent of `polynomial`.
   * @default 1
   */
  readonly power?: number | undefined;
  /**
   * The last rate of `polynomial`.
   * @default 1e-7
   */
  readonly lrEnd?: number | undefined;
  /**
   * The last rate of `cosine_with_min_lr`.
   * @default 0
   */
  readonly minLr?: number | undefined;
  /**
   * The first rate of `fairseq_inverse_sqrt`.
   * @default 0
   */
  readonly warmupInitLr?: number | undefined;
  /** The model's width, which `noam` needs. */
  readonly width?: number | undefined;
  /**
   * What `noam`'s rate is multiplied by.
   * @default 1
   */
  readonly factor?: number | undefined;
  /** Taken and not used, as by Hugging Face's `get_scheduler`: the time scale of `inverse_sqrt` is its warm-up. */
  readonly timescale?: number | undefined;
}

const OPTIONS: Names<ScheduleOptions> = {
  ...{ lr: true, warmup: true, total: true, numCycles: true, power: true, lrEnd: true },
  ...{ minLr: true, warmupInitLr: true, width: true, factor: true, timescale: true },
};

/** The rate of each update, counted from 0. */
export type Schedule = (step: number) => number;

type Checked = ScheduleOptions & { readonly lr: number; readonly warmup: number; readonly total: number };

/**
 * The rate after the warm-up. `done`: the share of the updates after the warm-up that have been made, more than 1 after them.
 */
type AfterWarmup = (done: number, step: number, options: Checked) => number;

const wave = (done: number, cycles: number): number => Math.max(0, 0.5 * (1 + Math.cos(2 * Math.PI * cycles * done)));

const afterWarmup = {
  // Not 1 - done: where the warm-up is as long as the run or longer, nothing is left after it.
  linear: (_, step, { lr, warmup, total }) => (lr * Math.max(0, total - step)) / Math.max(1, total - warmup),
  cosine: (done, _, { lr, numCycles = 0.5 }) => lr * wave(done, numCycles),
  cosine_with_restarts: (done, _, { lr, numCycles = 1 }) => (done >= 1 ? 0 : lr * wave((numCycles * done) % 1, 0.5)),
  cosine_with_min_lr: (done, _, { lr, minLr = 0, numCycles = 0.5 }) => minLr + (lr - minLr) * wave(done, numCycles),
  polynomial: (done, step, { lr, total, lrEnd = 1e-7, power = 1 }) =>
    step > total ? lrEnd : lrEnd + (lr - lrEnd) * (1 - done) ** power,
  constant_with_warmup: (_, __, { lr }) => lr,
  // Falls by a time scale that is the warm-up, or 10,000 without one: Hugging Face's `get_scheduler` passes no other one on.
  inverse_sqrt: (_, step, { lr, warmup }) => lr / Math.sqrt(1 + (step - warmup) / (warmup || 10_000)),
} satisfies Record<Exclude<ScheduleName, keyof typeof whole>, AfterWarmup>;

/** Schedules with rules of their own for the first updates. */
const whole = {
  constant:
    ({ lr }: Checked) =>
    () =>
      lr,
  /** fairseq's `inverse_sqrt`. */
  fairseq_inverse_sqrt:
    ({ lr, warmup, warmupInitLr = 0 }: Checked) =>
    (step: number) =>
      step < warmup
        ? warmupInitLr + (step * (lr - warmupInitLr)) / warmup
        : lr * Math.sqrt(Math.max(1, warmup) / Math.max(1, step)),
  /** Vaswani et al. 2017, section 5.3, whose steps count from 1. */
  noam:
    ({ width, warmup, factor = 1 }: Checked) =>
    (step: number) =>
      factor * width! ** -0.5 * Math.min((step + 1) ** -0.5, (step + 1) * Math.max(1, warmup) ** -1.5),
} satisfies Record<"constant" | "fairseq_inverse_sqrt" | "noam", (options: Checked) => Schedule>;

/**
 * Names of the schedules. With d for the share of the updates after the warm-up that have been made:
 *
 * - `constant`: lr; `constant_with_warmup`: the same after a linear rise from 0, which the next six have too;
 * - `linear`: lr · (1 − d); `polynomial`: lrEnd + (lr − lrEnd) · (1 − d)^power;
 * - `cosine`: lr · (1 + cos(2π · numCycles · d)) / 2; `cosine_with_min_lr`: the same between minLr and lr;
 * `cosine_with_restarts`: half
 *   a wave, numCycles times;
 * - `inverse_sqrt`: lr / √(1 + (step − warmup) / t) with t = warmup, or 10,000 without one, as Hugging Face has it;
 * - `fairseq_inverse_sqrt`: lr · √(warmup / step) after a rise from warmupInitLr;
 * - `noam`: factor · width^(−1/2) · min(n^(−1/2), n · warmup^(−3/2)) for update n from 1 (Vaswani et al. 2017, §5.3).
 */
export type ScheduleName =
  | "constant"
  | "constant_with_warmup"
  | "linear"
  | "polynomial"
  | "cosine"
  | "cosine_with_min_lr"
  | "cosine_with_restarts"
  | "inverse_sqrt"
  | "fairseq_inverse_sqrt"
  | "noam";

/** All names. */
export const names: readonly ScheduleName[] = [
  ...(Object.keys(afterWarmup) as (keyof typeof afterWarmup)[]),
  ...(Object.keys(whole) as (keyof typeof whole)[]),
];
/** Schedules that ask for no number of updates, and those that ask for no rate. */
const [WITHOUT_TOTAL, WITHOUT_LR] = [
  ["constant", "constant_with_warmup", "inverse_sqrt", "fairseq_inverse_sqrt", "noam"],
  ["noam"],
];

/**
 * A schedule by name: `(step) => rate`, step 0 being the first update. As Hugging Face's `get_scheduler`: after `total`, linear
 * and polynomial stay at their end and cosine rises again. Errors: ConfigError for another name, or an option that it needs and
 * lacks.
 */
export function create(name: ScheduleName, options: ScheduleOptions): Schedule {
  const checked = check(name, options);
  if (Object.hasOwn(whole, name)) return whole[name as keyof typeof whole](checked);
  const rate: AfterWarmup = afterWarmup[name as keyof typeof afterWarmup];
  const { lr, warmup, total } = checked;
  return (step) =>
    step < warmup ? (lr * step) / warmup : rate((step - warmup) / Math.max(1, total - warmup), step, checked);
}

function check(name: string, options: ScheduleOptions): Checked {
  if (!(names as readonly string[]).includes(name))
    throw new ConfigError(`schedule is ${JSON.stringify(name)}, not one of ${names.join(", ")}`);
  checkOptions(`schedule ${name}`, options, OPTIONS);
  const { lr, warmup = 0, total } = options;
  const need = (field: string, value: number | undefined, fine: (n: number) => boolean, want: string) => {
    if (value === undefined || !Number.isFinite(value) || !fine(value))
      throw new ConfigError(`schedule ${name}: ${field} is ${value}, not ${want}`);
  };
  if (!WITHOUT_LR.includes(name)) need("lr", lr, (n) => n >= 0, "0 or more");
  if (name === "noam") need("width", options.width, (n) => n > 0, "more than 0");
  need("warmup", warmup, (n) => n >= 0, "0 or more");
  if (!WITHOUT_TOTAL.includes(name)) need("total", total, (n) => n >= 0, "0 or more");
  return { ...options, lr: lr ?? 0, warmup, total: total ?? 0 };
}

/** What {@link layerDecay} is made from. */
export interface LayerDecayOptions {
  /** Layers of the model, L. */
  readonly numHiddenLayers: number;
  /** What each layer's scale is of that of the layer above. */
  readonly decay: number;
}

const DECAY: Names<LayerDecayOptions> = { numHiddenLayers: true, decay: true };

/**
 * The scale of each parameter's rate, by name, when deeper layers learn faster (as BEiT and MAE do): decay^(L + 1 − depth) for
 * L layers, where embeddings have depth 0, layer i has i + 1, and heads have L + 1.
 */
export function layerDecay(parameters: Iterable<string>, options: LayerDecayOptions): Map<string, number> {
  checkOptions("layerDecay", options, DECAY);
  const { numHiddenLayers, decay } = options;
  const top = numHiddenLayers + 1;
  const depth = (name: string) => {
    const layer = /encoder\.layer\.(\d+)\./.exec(name)?.[1];
    return layer !== undefined ? Number(layer) + 1 : name.includes("embeddings") ? 0 : top;
  };
  return new Map([...parameters].map((name) => [name, decay ** (top - depth(name))]));
}
