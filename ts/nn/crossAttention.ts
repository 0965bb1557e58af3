import { checkOptions } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { AttentionOutput } from "./attentionOutput.js";
import type { Attention } from "./attentions/index.js";
import { Dropout } from "./dropout.js";
import { JoinedLinear, Linear } from "./linear.js";
import type { PackedBatch, SequenceBatch } from "./packed.js";
import type { ParameterScope } from "./parameters.js";
import { none } from "./positions/none.js";
import { LAYER, type LayerOptions } from "./selfAttention.js";

/** An encoder's last states, which a decoder looks at. */
export interface EncoderStates {
  /** The states of all sequences end to end, `[S, C]`, without padding. */
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
  private readonly output: AttentionOutput;
  private readonly probabilities: Dropout;

  /** Declares its parameters, `self.query`, `self.key`, `self.value` and `output`, in `scope`. */
  constructor(scope: ParameterScope, options: LayerOptions) {
    checkOptions("CrossAttention", options, LAYER);
    const { width, eps, attentionDropout, hiddenDropout } = options;
    this.options = options;
    this.query = new Linear(scope.at("self").at("query"), width, width);
    this.keyValue = new JoinedLinear(scope.at("self"), ["key", "value"], width, width);
    this.attention = options.attention(scope.at("self"));
    this.probabilities = new Dropout(scope, attentionDropout);
    this.output = new AttentionOutput(scope, width, eps, hiddenDropout);
  }

  /** `[N, C]` from `x` `[N, C]`, the tokens of all sequences of `batch` end to end. */
  forward(x: Tensor, batch: PackedBatch, encoder: EncoderStates): Tensor {
    const { heads } = this.options;
    const dropout = this.probabilities.draw();
    const call = { heads, batch, position: none(), mask: { keys: encoder.batch }, ...(dropout && { dropout }) };
    const [k, v] = this.keyValue.forward(encoder.states) as [Tensor, Tensor];
    return this.output.forward(this.attention.forward(this.query.forward(x), k, v, call), x);
  }
}
