import { ConfigError } from "../../errors.js";
import { checkOptions } from "../../options.js";
import type { Tensor } from "../../tensor/tensor.js";
import { MASK, rotate } from "../attentions/attention.js";
import type { Attention, Mask } from "../attentions/index.js";
import { Dropout } from "../dropout.js";
import { JoinedLinear, Linear } from "../linear.js";
import type { PackedBatch } from "../packed.js";
import type { ParameterScope } from "../parameters.js";
import { LAYER, type LayerOptions } from "./options.js";
import { Residual } from "./residual.js";

/**
 * Multi-head self-attention with its residual (RoFormer, §3.2), with the norm before it or, as here, behind:
 *
 *     q, k, v = Wq x, Wk x, Wv x        y = LayerNorm(x + dropout(Wo · attention(q, k, v)))
 *
 * Where the rotation goes is the attention's business.
 */
export class SelfAttention {
  private readonly options: LayerOptions;
  private readonly attention: Attention;
  private readonly qkv: JoinedLinear;
  private readonly output: Linear;
  private readonly residual: Residual;
  private readonly probabilities: Dropout;

  /** Declares its parameters in `params`. Errors: ConfigError for a width that is not a multiple of the heads. */
  constructor(params: ParameterScope, options: LayerOptions) {
    checkOptions("SelfAttention", options, LAYER);
    const { width, heads, bias, names } = options;
    if (width % heads !== 0)
      throw new ConfigError(`hidden_size ${width} is not a multiple of num_attention_heads ${heads}`);
    this.options = options;
    this.qkv = new JoinedLinear(params, names.attention.qkv, { parts: 3, inputs: width, outputs: width, bias });
    this.attention = options.attention(params.at(names.attention.features));
    this.probabilities = new Dropout(params, options.attentionDropout);
    this.output = new Linear(params.at(names.attention.output), width, width, bias);
    this.residual = new Residual(params, names.attention.norm, options);
  }

  /** `[N, C]` from `x` `[N, C]`, the tokens of all sequences of `batch` end to end. */
  forward(x: Tensor, batch: PackedBatch, mask: Mask): Tensor {
    checkOptions("SelfAttention.forward", mask, MASK);
    return this.residual.forward(x, (x) => this.output.forward(this.attend(x, batch, this.near(mask))));
  }

  private attend(x: Tensor, batch: PackedBatch, mask: Mask): Tensor {
    const { heads, position, rotateValue } = this.options;
    const dropout = this.probabilities.draw();
    const call = { heads, batch, position, mask, ...(dropout && { dropout }) };
    const [q, k, v] = this.qkv.forward(x) as [Tensor, Tensor, Tensor];
    return this.attention.forward(q, k, rotateValue ? rotate(v, call, batch) : v, call);
  }

  /** The mask, with the layer's own window. */
  private near(mask: Mask): Mask {
    const { window } = this.options;
    return window === undefined ? mask : { ...mask, window: Math.min(window, mask.window ?? window) };
  }
}
