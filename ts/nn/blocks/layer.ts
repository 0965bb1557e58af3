import { checkOptions } from "../../options.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Mask } from "../attentions/index.js";
import type { PackedBatch } from "../packed.js";
import type { ParameterScope } from "../parameters.js";
import { CrossAttention, type EncoderStates } from "./crossAttention.js";
import { FeedForward } from "./feedForward.js";
import { LAYER, type LayerOptions } from "./options.js";
import { SelfAttention } from "./selfAttention.js";

/**
 * One layer of an encoder or decoder: self-attention, in a decoder attention to the encoder's states if there are any, then the
 * feed-forward part, each with its residual and norm.
 */
export class EncoderLayer {
  private readonly attention: SelfAttention;
  private readonly crossAttention: CrossAttention | undefined;
  private readonly feedForward: FeedForward;

  /** Declares its parameters, by the names in `options`, in `params`. */
  constructor(params: ParameterScope, options: LayerOptions) {
    checkOptions("EncoderLayer", options, LAYER);
    this.attention = new SelfAttention(params, options);
    this.crossAttention = options.crossAttention ? new CrossAttention(params, options) : undefined;
    this.feedForward = new FeedForward(params, options);
  }

  /**
   * `[N, C]` from `x` `[N, C]`, the tokens of all sequences of `batch` end to end. Without `encoder`, a layer that could look
   * at one does not, as in Hugging Face's models.
   */
  forward(x: Tensor, batch: PackedBatch, mask: Mask, encoder?: EncoderStates): Tensor {
    const own = this.attention.forward(x, batch, mask);
    const attended = encoder && this.crossAttention ? this.crossAttention.forward(own, batch, encoder) : own;
    return this.feedForward.forward(attended);
  }
}
