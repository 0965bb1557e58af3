import { checkOptions } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Mask } from "./attentions/index.js";
import { CrossAttention, type EncoderStates } from "./crossAttention.js";
import { Dropout } from "./dropout.js";
import { LayerNorm } from "./layerNorm.js";
import { Linear } from "./linear.js";
import type { PackedBatch } from "./packed.js";
import type { ParameterScope } from "./parameters.js";
import { LAYER, type LayerOptions, SelfAttention } from "./selfAttention.js";

/**
 * One layer of a post-norm encoder or decoder (Vaswani et al. 2017; Hugging Face's RoFormerLayer): self-attention, in a decoder
 * attention to the encoder's states if there are any, then y = LayerNorm(x + dropout(W2 · act(W1 x))).
 */
export class EncoderLayer {
  private readonly attention: SelfAttention;
  private readonly crossAttention: CrossAttention | undefined;
  private readonly intermediate: Linear;
  private readonly output: Linear;
  private readonly norm: LayerNorm;
  private readonly dropout: Dropout;
  private readonly options: LayerOptions;

  /** Declares its parameters, by Hugging Face's names, in `scope`. */
  constructor(scope: ParameterScope, options: LayerOptions) {
    checkOptions("EncoderLayer", options, LAYER);
    const { width, intermediateWidth, eps, hiddenDropout } = options;
    this.options = options;
    this.attention = new SelfAttention(scope.at("attention"), options);
    this.crossAttention = options.crossAttention ? new CrossAttention(scope.at("crossattention"), options) : undefined;
    this.intermediate = new Linear(scope.at("intermediate").at("dense"), width, intermediateWidth);
    this.output = new Linear(scope.at("output").at("dense"), intermediateWidth, width);
    this.norm = new LayerNorm(scope.at("output").at("LayerNorm"), width, eps);
    this.dropout = new Dropout(scope, hiddenDropout);
  }

  /**
   * `[N, C]` from `x` `[N, C]`, the tokens of all sequences of `batch` end to end. Without `encoder`, a layer that could look
   * at one does not, as in Hugging Face's models.
   */
  forward(x: Tensor, batch: PackedBatch, mask: Mask, encoder?: EncoderStates): Tensor {
    const own = this.attention.forward(x, batch, mask);
    const attended = encoder && this.crossAttention ? this.crossAttention.forward(own, batch, encoder) : own;
    const inner = this.intermediate.forward(attended, this.options.activation);
    return this.norm.forward(this.output.forward(inner), attended, this.dropout.draw());
  }
}
