import { record } from "../autograd/tape.js";
import { engine } from "../engine/engine.js";
import { ConfigError, ShapeError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import { empty, type Tensor } from "../tensor/tensor.js";
import type { AttentionBatch } from "./attentionBatch.js";

/**
 * A way to make features: "elu" is elu(x) + 1 (Katharopoulos et al. 2020); "relu" max(x, 0) + ε; "exponential"
 * factor · (e^(x − ‖z‖²/2 − shift) + ε) (Choromanski et al. 2021); "softmax" that of the row (Shen et al. 2018).
 */
export type FeatureMapName = "elu" | "relu" | "exponential" | "softmax";

/** Maps of rows to features, with the kernels' numbers. */
const maps = { elu: 0, relu: 1, exponential: 2, softmax: 3 } as const satisfies Record<FeatureMapName, number>;

/** Settings of {@link featureMap}. */
export interface FeatureMapOptions {
  /** Features of a head, M: rows are as long. */
  readonly width: number;
  /** What was projected, whose norms are taken off exponents: `[R, any]`, with as many rows as `x` has. */
  readonly z?: Tensor | undefined;
  /** Taken off the exponents of each row, `[R]`; no gradient flows through it. */
  readonly shift?: Tensor | undefined;
  /**
   * What "exponential" multiplies features by.
   * @default 1
   */
  readonly factor?: number | undefined;
  /**
   * ε of "relu" and "exponential".
   * @default 0
   */
  readonly epsilon?: number | undefined;
}

const OPTIONS: Names<FeatureMapOptions> = { width: true, z: true, shift: true, factor: true, epsilon: true };

/**
 * The features of every row of `width` numbers of `x`, in its shape. Errors: ConfigError for another name, ShapeError where `x`
 * is not a whole number of rows.
 */
export function featureMap(x: Tensor, name: FeatureMapName, options: FeatureMapOptions): Tensor {
  checkOptions("featureMap", options, OPTIONS);
  const { width, z, shift, factor = 1, epsilon = 0 } = options;
  if (!Object.hasOwn(maps, name))
    throw new ConfigError(`featureMap: ${JSON.stringify(name)} is none of ${Object.keys(maps).join(", ")}`);
  if (x.size % width !== 0) throw new ShapeError("featureMap: x", [...x.shape], `rows of ${width} numbers`);
  const kind = [width, maps[name], factor, epsilon] as const;
  const given = [z?.slot ?? 0, shift?.slot ?? 0] as const;
  const y = empty(x.shape, "featureMap: y");
  engine().feature_map(y.slot, x.slot, ...given, ...kind);
  const saved = [x, y, z, shift].filter((one) => one !== undefined);
  return record(y, z ? [x, z] : [x], saved, ([dy], d) => {
    const dx = empty(x.shape, "featureMap: dx");
    const dz = z && empty(z.shape, "featureMap: dz");
    engine().feature_map_backward(dx.slot, dz?.slot ?? 0, dy!.slot, x.slot, y.slot, ...given, ...kind);
    d.give(0, dx);
    if (dz) d.give(1, dz);
  });
}

/** The largest number of each row of `width` numbers, `[R]`; without a gradient. */
export function rowMax(x: Tensor, width: number): Tensor {
  const top = empty([x.size / width], "rowMax: top");
  engine().row_max(top.slot, x.slot, width);
  return top;
}

/** What is taken off the exponents of keys. */
export interface Stabilisers {
  /** `[N · H]` */
  readonly shift: Tensor;
  /** Of running maxima: the logarithms of what the features of each part are divided by, and each query's ε, `[N · H]`. */
  readonly running?: { readonly levels: Tensor; readonly epsilons: Tensor };
}

/**
 * From the largest exponent of each key of `batch`: the maximum of its sequence and head. `running`: the maximum so far, part
 * by part, so that no later key has a say; each query's ε is then what `running` would be in a recurrence that rescales its
 * state.
 */
export function stabilise(top: Tensor, batch: AttentionBatch, running?: number): Stabilisers {
  const shift = empty(top.shape, "stabilise: shift");
  if (running === undefined) {
    engine().stabilise(shift.slot, 0, 0, top.slot, batch.slot, 0);
    return { shift };
  }
  const levels = empty([engine().batch_parts(batch.slot), batch.heads], "stabilise: levels");
  const epsilons = empty(top.shape, "stabilise: epsilons");
  engine().stabilise(shift.slot, levels.slot, epsilons.slot, top.slot, batch.slot, running);
  return { shift, running: { levels, epsilons } };
}
