import { ConfigError } from "../../errors.js";
import type { AttentionBatch } from "../../ops/attentionBatch.js";
import { featureMap, rowMax, stabilise } from "../../ops/featureMap.js";
import { linear } from "../../ops/gemm.js";
import { DENOMINATOR_EPSILON } from "../../ops/linearAttention.js";
import { reshape, scale } from "../../ops/reduce.js";
import { Philox } from "../../random/philox.js";
import { streams } from "../../random/streams.js";
import type { Parameter } from "../../tensor/parameter.js";
import { type Tensor, tensor } from "../../tensor/tensor.js";
import type { AttentionOptions } from "./attention.js";
import type { AttentionFields } from "./options.js";
import { orthogonalFeatures } from "./projection.js";

/** Features of keys, `[S, H · M]`, and what they are divided by, where that is not the same for a whole sequence. */
interface KeyFeatures {
  readonly features: Tensor;
  readonly running?: { readonly levels: Tensor; readonly epsilons: Tensor } | undefined;
}

/** What linear attention makes of queries and keys, whose products stand for the exponentials of scores. */
export interface Features {
  /** Features of a head, M. */
  readonly width: number;
  /** `[N, H · M]` from `[N, H · D]`. */
  queries(q: Tensor): Tensor;
  /** `running`: no key may have a say in what becomes of an earlier one. */
  keys(k: Tensor, batch: AttentionBatch, running: boolean): KeyFeatures;
  /**
   * Of one key a sequence, divided by e^`levels`, `[B · H]`, which become the largest exponents so far. ConfigError where
   * features depend on later keys.
   */
  nextKeys(k: Tensor, levels: Float32Array): Tensor;
}

type FeaturesFactory = (options: AttentionOptions) => Features;

/** elu(x) + 1 (Katharopoulos et al. 2020). */
const elu: FeaturesFactory = ({ headSize: width }) => alike(width, (x) => featureMap(x, "elu", { width }));

/** The same features of queries and keys, token by token. */
const alike = (width: number, map: (x: Tensor) => Tensor): Features => ({
  width,
  queries: map,
  keys: (k) => ({ features: map(k) }),
  nextKeys(k, levels) {
    levels.fill(0);
    return map(k);
  },
});

/** The largest exponents so far, with those of one more key of each sequence. */
function raised(top: Tensor, levels: Float32Array): Tensor {
  for (const [row, level] of top.read().entries()) levels[row] = Math.max(levels[row]!, level);
  return tensor(levels);
}

/** relu(x / D^(1/4)) + ε. */
const relu: FeaturesFactory = ({ headSize: width, kernelEpsilon: epsilon = 1e-3 }) => {
  return alike(width, (x) => featureMap(scale(x, width ** -0.25), "relu", { width, epsilon }));
};

/** softmax(q), exp(k) (Shen et al. 2018). */
const shen: FeaturesFactory = ({ headSize: width }) => ({
  width,
  queries: (q) => featureMap(q, "softmax", { width }),
  keys(k, batch, running) {
    const { shift, ...rest } = stabilise(rowMax(k, width), batch, running ? DENOMINATOR_EPSILON : undefined);
    return { features: featureMap(k, "exponential", { width, shift }), running: rest.running };
  },
  nextKeys: (k, levels) => featureMap(k, "exponential", { width, shift: raised(rowMax(k, width), levels) }),
});

/** Features by a random projection W, `[M, D]`, which is drawn once, saved, and never trained. */
class Projection {
  /** M. */
  readonly width: number;
  private readonly headSize: number;
  private readonly heads: number;
  private readonly matrix: Parameter;

  constructor({ params, heads, headSize: D, numRandomFeatures }: AttentionOptions) {
    // D · ln D, as performer-pytorch has, and even, since features may be turned.
    this.width = numRandomFeatures ?? 2 * Math.max(1, Math.round((D * Math.log(D)) / 2));
    [this.headSize, this.heads] = [D, heads];
    const draw = (seed: number, index: number) =>
      orthogonalFeatures(this.width, D, new Philox(seed, streams.features, index));
    this.matrix = params.buffer("projection_matrix", [this.width, D], draw);
  }

  /** x / D^(1/4), `[N · H, D]`, and W of that, `[N · H, M]`. */
  project(x: Tensor): { scaled: Tensor; projected: Tensor } {
    const rows = x.shape[0]! * this.heads;
    const scaled = reshape(scale(x, this.headSize ** -0.25), [rows, this.headSize]);
    return { scaled, projected: linear(scaled, this.matrix) };
  }

  /** Rows of heads side by side again, `[N, H · M]`. */
  joined(features: Tensor): Tensor {
    return reshape(features, [features.shape[0]! / this.heads, this.heads * this.width]);
  }
}

/** relu(W x / D^(1/4)) + ε. */
const performerRelu: FeaturesFactory = (options) => {
  const projection = new Projection(options);
  const { width } = projection;
  const epsilon = options.kernelEpsilon ?? 1e-3;
  return alike(width, (x) =>
    projection.joined(featureMap(projection.project(x).projected, "relu", { width, epsilon })),
  );
};

/**
 * FAVOR+'s positive features (Choromanski et al. 2021): M^(−1/2) (exp(W x' − ‖x'‖²/2 − c) + ε) with x' = x / D^(1/4), whose products
 * estimate exp(q · k / √D). c is the largest exponent of the query's row, and of all keys of a sequence; or, with ε = 0 where
 * no later key may have a say, of the keys so far.
 */
const performer: FeaturesFactory = (options) => {
  const projection = new Projection(options);
  const { width } = projection;
  const { kernelEpsilon: epsilon = 1e-4 } = options;
  const settings = { width, factor: width ** -0.5, epsilon };
  return {
    width,
    queries(q) {
      const { scaled: z, projected } = projection.project(q);
      const shift = rowMax(projected, width);
      return projection.joined(featureMap(projected, "exponential", { ...settings, z, shift }));
    },
    keys(k, batch, running) {
      const { scaled: z, projected } = projection.project(k);
      const own = running && epsilon === 0 ? DENOMINATOR_EPSILON : undefined;
      const { shift, running: levels } = stabilise(rowMax(projected, width), batch, own);
      const features = projection.joined(featureMap(projected, "exponential", { ...settings, z, shift }));
      return { features, running: levels };
    },
    nextKeys(k, levels) {
      if (epsilon !== 0)
        throw new ConfigError(
          `kernel_epsilon is ${epsilon}: a Performer's features then depend on later keys; one by one it needs kernel_epsilon 0`,
        );
      const { scaled: z, projected } = projection.project(k);
      const shift = raised(rowMax(projected, width), levels);
      return projection.joined(featureMap(projected, "exponential", { ...settings, z, shift }));
    },
  };
};

/** Ways to make features. A new one is a file of the kernels' `feature_map` and a line. */
export const features = { elu, relu, shen, performer, "performer-relu": performerRelu } satisfies Record<
  string,
  FeaturesFactory
>;

/** What causal models with these features set: with another ε a Performer's depend on later keys. */
export const causal: Partial<Record<keyof typeof features, AttentionFields>> = { performer: { kernel_epsilon: 0 } };
