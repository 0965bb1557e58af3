import { featureMap, rowMax, stabilise } from "../../ops/featureMap.js";
import { linear } from "../../ops/gemm.js";
import { DENOMINATOR_EPSILON } from "../../ops/linearAttention.js";
import { reshape, scale } from "../../ops/reduce.js";
import { Philox } from "../../random/philox.js";
import { streams } from "../../random/streams.js";
import type { Parameter } from "../../tensor/parameter.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { SequenceBatch } from "../packed.js";
import type { AttentionOptions } from "./attention.js";
import { orthogonalFeatures } from "./projection.js";

/** Features of keys, `[S, H · M]`, and what they are divided by, where that is not the same for a whole sequence. */
export interface KeyFeatures {
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
  keys(k: Tensor, batch: SequenceBatch, running: boolean): KeyFeatures;
}

type FeaturesFactory = (options: AttentionOptions) => Features;

/** elu(x) + 1 (Katharopoulos et al. 2020). */
const elu: FeaturesFactory = ({ headSize: width }) => ({
  width,
  queries: (q) => featureMap(q, "elu", { width }),
  keys: (k) => ({ features: featureMap(k, "elu", { width }) }),
});

/** relu(x / D^(1/4)) + ε. */
const relu: FeaturesFactory = ({ headSize: width, kernelEpsilon: epsilon = 1e-3 }) => {
  const map = (x: Tensor) => featureMap(scale(x, width ** -0.25), "relu", { width, epsilon });
  return { width, queries: map, keys: (k) => ({ features: map(k) }) };
};

/** softmax(q), exp(k) (Shen et al. 2018). */
const shen: FeaturesFactory = ({ headSize: width, heads }) => ({
  width,
  queries: (q) => featureMap(q, "softmax", { width }),
  keys(k, { offsets }, running) {
    const { shift, ...rest } = stabilise(rowMax(k, width), offsets, heads, running ? DENOMINATOR_EPSILON : undefined);
    return { features: featureMap(k, "exponential", { width, shift }), running: rest.running };
  },
});

/** Features by a random projection W, `[M, D]`, which is drawn once, saved, and never trained. */
class Projection {
  /** M. */
  readonly width: number;
  private readonly headSize: number;
  private readonly heads: number;
  private readonly matrix: Parameter;

  constructor({ scope, heads, headSize: D, numRandomFeatures }: AttentionOptions) {
    // D · ln D, as performer-pytorch has, and even, since features may be turned.
    this.width = numRandomFeatures ?? 2 * Math.max(1, Math.round((D * Math.log(D)) / 2));
    [this.headSize, this.heads] = [D, heads];
    const draw = (seed: number, index: number) =>
      orthogonalFeatures(this.width, D, new Philox(seed, streams.features, index));
    this.matrix = scope.buffer("projection_matrix", [this.width, D], draw);
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
  const map = (x: Tensor) => projection.joined(featureMap(projection.project(x).projected, "relu", { width, epsilon }));
  return { width, queries: map, keys: (k) => ({ features: map(k) }) };
};

/**
 * FAVOR+'s positive features (Choromanski et al. 2021): M^(−1/2) (exp(W x' − ‖x'‖²/2 − c) + ε) with x' = x / D^(1/4), whose products
 * estimate exp(q · k / √D). c is the largest exponent of the query's row, and of all keys of a sequence; or, with ε = 0 where
 * no later key may have a say, of the keys so far.
 */
const performer: FeaturesFactory = (options) => {
  const projection = new Projection(options);
  const { width } = projection;
  const { heads, kernelEpsilon: epsilon = 1e-4 } = options;
  const settings = { width, factor: width ** -0.5, epsilon };
  return {
    width,
    queries(q) {
      const { scaled: z, projected } = projection.project(q);
      const shift = rowMax(projected, width);
      return projection.joined(featureMap(projected, "exponential", { ...settings, z, shift }));
    },
    keys(k, { offsets }, running) {
      const { scaled: z, projected } = projection.project(k);
      const own = running && epsilon === 0 ? DENOMINATOR_EPSILON : undefined;
      const { shift, running: levels } = stabilise(rowMax(projected, width), offsets, heads, own);
      const features = projection.joined(featureMap(projected, "exponential", { ...settings, z, shift }));
      return { features, running: levels };
    },
  };
};

/** Ways to make features. A new one is a file of the kernels' `feature_map` and a line. */
export const features = { elu, relu, shen, performer, "performer-relu": performerRelu } satisfies Record<
  string,
  FeaturesFactory
>;
