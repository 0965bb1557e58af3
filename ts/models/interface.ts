import type { RopeOrder } from "../nn/convertRope.js";
import type { HeadName } from "../nn/heads/index.js";
import type { RowCounts } from "../nn/training.js";
import type { TensorData } from "../tensor/tensor.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";
import type { SaveOptions } from "./save.js";

/** Settings of `RoFormer.create`. */
export interface CreateOptions<H extends HeadName = HeadName> {
  /**
   * What the model computes.
   * @default "base", the hidden states
   */
  readonly head?: H | undefined;
  /**
   * What fresh weights follow from, a whole number of at most 53 bits.
   * @default 0
   */
  readonly seed?: number | undefined;
  /**
   * Turns texts to ids in `classify` and the like. It is saved with the model.
   * @default none
   */
  readonly tokenizer?: Tokenizer | undefined;
}

/** Which tokens see which. */
export interface MaskOptions {
  /**
   * "unilm": tokens of type 0, which come first, see each other, those of type 1 them and those before (RoFormer-Sim).
   * @default all see all, and in a decoder those before
   */
  readonly maskType?: "unilm" | undefined;
}

/** What ends a call that has not begun. */
export interface SignalOptions {
  /** Refuses the call with an AbortError, once it is aborted. A session's call that waits for its turn is given up. */
  readonly signal?: AbortSignal | undefined;
}

/** Settings of `RoFormer.forward`. */
export interface ForwardOptions extends MaskOptions, SignalOptions {
  /**
   * Adds `hiddenStates` to the output.
   * @default false
   */
  readonly outputHiddenStates?: boolean | undefined;
}

/** Settings of `RoFormer.valueAndGrad`. */
export interface GradientOptions extends MaskOptions, SignalOptions {
  /**
   * Turns dropout on.
   * @default false
   */
  readonly train?: boolean | undefined;
  /**
   * What dropout's draws follow from, with `step`.
   * @default 0
   */
  readonly seed?: number | undefined;
  /**
   * Number of the step, from 0.
   * @default counted by the model
   */
  readonly step?: number | undefined;
  /**
   * Keeps of each layer its input alone and computes the layer a second time for its gradients: the same bits, less memory,
   * a third more time.
   * @default false
   */
  readonly recompute?: boolean | undefined;
}

/** Settings of `Model.lossAndGradients`. */
export interface PartGradientOptions extends GradientOptions {
  /**
   * What comes before this part in the whole batch: dropout draws for each row as it does there.
   * @default nothing
   */
  readonly before?: RowCounts | undefined;
  /**
   * What `Model.countLabels` gives for the whole batch that this is a part of, summed over its parts: the losses and gradients of
   * the parts then add up to those of the batch.
   * @default those of this batch
   */
  readonly counts?: readonly number[] | undefined;
}

/** A loss and its gradients. */
export interface LossAndGradients {
  /** The mean loss. */
  loss: number;
  /** The gradients of every parameter. */
  gradients: GradientMap;
}

/** Gradients by the parameters' names, in their shapes. One is copied when its `data` is read: before the optimiser's step. */
export type GradientMap = Map<string, TensorData>;

/** One parameter of a model. */
export interface ParameterAccess {
  /** Hugging Face's name. */
  readonly name: string;
  /** Its dimensions; a linear layer's weight is `[outputs, inputs]`, as in PyTorch. */
  readonly shape: readonly number[];
  /** The values, copied, row-major. */
  read(): Float32Array;
  /** Overwrites the values, row-major. Errors: ShapeError for another number of them. */
  write(values: ArrayLike<number>): void;
}

/** Settings of `convert`. */
export interface ConvertOptions extends Pick<SaveOptions, "dtype" | "maxShardBytes"> {
  /**
   * What the new model computes.
   * @default what the old one does
   */
  readonly head?: HeadName | undefined;
  /** "bert": a RoFormer with BERT's weights, its learned positions dropped, as the paper's §4.5 begins: to be trained on. */
  readonly from?: "bert" | undefined;
  /**
   * Puts queries and keys into another order of pairs, and names the positions that turn these. The model computes the same.
   */
  readonly rope?: RopeOrder | undefined;
}
