import type { ActivationName } from "../ops/activation.js";
import { gatherRows } from "../ops/embedding.js";
import { integers, type Tensor } from "../tensor/tensor.js";
import { Linear } from "./linear.js";
import type { SequenceBatch } from "./packed.js";
import type { ParameterScope } from "./parameters.js";

/** The hidden states of first tokens, `[B, C]`. */
export const firstStates = (hidden: Tensor, batch: SequenceBatch): Tensor =>
  gatherRows(hidden, integers(batch.firstTokens()));

/** act(W h + b) of each sequence's first token (BERT; RoFormer-Sim, whose act is "linear"). */
export class Pooler {
  private readonly dense: Linear;
  private readonly activation: ActivationName;

  /** Declares its layer in `params`. */
  constructor(params: ParameterScope, width: number, activation: ActivationName) {
    this.dense = new Linear(params, width, width);
    this.activation = activation;
  }

  /** `[B, C]`, from `hidden` `[N, C]`. */
  forward(hidden: Tensor, batch: SequenceBatch): Tensor {
    return this.dense.forward(firstStates(hidden, batch), this.activation);
  }
}
