import { ConfigError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { AttentionOutput } from "./attentionOutput.js";
import { MASK, rotate } from "./attentions/attention.js";
import type { Attention, Mask } from "./attentions/index.js";
import { Dropout } from "./dropout.js";
import { JoinedLinear } from "./linear.js";
import type { PackedBatch } from "./packed.js";
import type { ParameterScope } from "./parameters.js";
import type { Position } from "./positions/index.js";

/** What a layer is made from; names follow Hugging Face's configuration. */
export interface LayerOptions {
  /** Width of the model, C. */
  readonly width: number;
  /** Number of heads, H; the width is a multiple of it. */
  readonly heads: number;
  /** Width of the feed-forward part, F. */
  readonly intermediateWidth: number;
  /** Activation of the feed-forward part (`hidden_act`). */
  readonly activation: import("../ops/activation.js").ActivationName;
  /** ε added to the variances of layer normalisations (`layer_norm_eps`). */
  readonly eps: number;
  /** Rate of dropout of what is added to the residuals, 0 to 1 (`hidden_dropout_prob`). */
  readonly hiddenDropout: number;
  /** Rate of dropout of attention's probabilities, 0 to 1 (`attention_probs_dropout_prob`). */
  readonly attentionDropout: number;
  /** Makes the attention of a layer, where it may declare what it needs. */
  readonly attention: (scope: ParameterScope) => Attention;
  /** The position encoding, which attention asks for its rotations. */
  readonly position: Position;
  /** Turns values too (`rotary_value`). */
  readonly rotateValue: boolean;
  /** Adds attention to an encoder's states (`add_cross_attention`). */
  readonly crossAttention: boolean;
}

/** The names of {@link LayerOptions}. */
export const LAYER: Names<LayerOptions> = {
  ...{ width: true, heads: true, intermediateWidth: true, activation: true, eps: true },
  ...{ hiddenDropout: true, attentionDropout: true },
  ...{ attention: true, position: true, rotateValue: true, crossAttention: true },
};

/**
 * Multi-head self-attention with its residual (RoFormer, §3.2):
 *
 *     q, k, v = Wq x, Wk x, Wv x        y = LayerNorm(x + dropout(Wo · attention(q, k, v)))
 *
 * Where the rotation goes is the attention's business.
 */
export class SelfAttention {
  private readonly options: LayerOptions;
  private readonly attention: Attention;
  private readonly qkv: JoinedLinear;
  private readonly output: AttentionOutput;
  private readonly probabilities: Dropout;

  /**
   * Declares its parameters, `self.query`, `self.key`, `self.value` and `output`, in `scope`. Errors: ConfigError for a width
   * that is no multiple of the heads.
   */
  constructor(scope: ParameterScope, options: LayerOptions) {
    checkOptions("SelfAttention", options, LAYER);
    const { width, heads } = options;
    if (width % heads !== 0)
      throw new ConfigError(`hidden_size ${width} is not a multiple of num_attention_heads ${heads}`);
    this.options = options;
    this.qkv = new JoinedLinear(scope.at("self"), ["query", "key", "value"], width, width);
    this.attention = options.attention(scope.at("self"));
    this.probabilities = new Dropout(scope, options.attentionDropout);
    this.output = new AttentionOutput(scope, width, options.eps, options.hiddenDropout);
  }

  /** `[N, C]` from `x` `[N, C]`, the tokens of all sequences of `batch` end to end. */
  forward(x: Tensor, batch: PackedBatch, mask: Mask): Tensor {
    checkOptions("SelfAttention.forward", mask, MASK);
    const { heads, position, rotateValue } = this.options;
    const dropout = this.probabilities.draw();
    const call = { heads, batch, position, mask, ...(dropout && { dropout }) };
    const [q, k, v] = this.qkv.forward(x) as [Tensor, Tensor, Tensor];
    return this.output.forward(this.attention.forward(q, k, rotateValue ? rotate(v, call, batch) : v, call), x);
  }
}
