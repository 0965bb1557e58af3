import { ConfigError } from "../../errors.js";
import { checkOptions } from "../../options.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Attention } from "../attentions/index.js";
import { Dropout } from "../dropout.js";
import { JoinedLinear, Linear } from "../linear.js";
import type { PackedBatch, SequenceBatch } from "../packed.js";
import type { ParameterScope } from "../parameters.js";
import { none } from "../positions/none.js";
import { LAYER, type LayerOptions } from "./options.js";
import { Residual } from "./residual.js";

/** An encoder's last states, which a decoder looks at. */
export interface EncoderStates {
  /** The states of all sequences end to end, `[S, C]`, without padding. Gradients flow into them. */
  readonly states: Tensor;
  /** Where they begin and end: as many sequences as the decoder has. */
  readonly batch: SequenceBatch;
}

/**
 * Multi-head attention of a decoder's tokens to an encoder's states, with its residual. Nothing is turned by position here,
 * as in Hugging Face's RoFormer: the two sequences have no positions in common.
 */
export class CrossAttention {
  private readonly options: LayerOptions;
  private readonly attention: Attention;
  private readonly query: Linear;
  private readonly keyValue: JoinedLinear;
  private readonly output: Linear;
  private readonly residual: Residual;
  private readonly probabilities: Dropout;

  /** Declares its parameters in `params`. Errors: ConfigError for a family that has no names for them. */
  constructor(params: ParameterScope, options: LayerOptions) {
    checkOptions("CrossAttention", options, LAYER);
    const { width, bias, attentionDropout, names } = options;
    const own = names.crossAttention;
    if (!own) throw new ConfigError("add_cross_attention is true, and the model family has no cross-attention");
    this.options = options;
    this.query = new Linear(params.at(own.query), width, width, bias);
    this.keyValue = new JoinedLinear(params, own.keyValue, { parts: 2, inputs: width, outputs: width, bias });
    this.attention = options.attention(params.at(own.features));
    this.probabilities = new Dropout(params, attentionDropout);
    this.output = new Linear(params.at(own.output), width, width, bias);
    this.residual = new Residual(params, own.norm, options);
  }

  /** `[N, C]` from `x` `[N, C]`, the tokens of all sequences of `batch` end to end. */
  forward(x: Tensor, batch: PackedBatch, encoder: EncoderStates): Tensor {
    const { heads } = this.options;
    return this.residual.forward(x, (x) => {
      const dropout = this.probabilities.draw();
      const call = { heads, batch, position: none(), mask: { keys: encoder.batch }, ...(dropout && { dropout }) };
      const [k, v] = this.keyValue.forward(encoder.states) as [Tensor, Tensor];
      return this.output.forward(this.attention.forward(this.query.forward(x), k, v, call));
    });
  }
}
