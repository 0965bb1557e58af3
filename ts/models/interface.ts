import type { HeadName } from "../nn/heads/index.js";
import type { TensorData } from "../tensor/tensor.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";

/** Settings of `RoFormer.create`. */
export interface CreateOptions {
  /** What the model computes; "base", the hidden states, unless given. */
  readonly head?: HeadName;
  /** Fresh weights follow from it alone, a whole number of at most 53 bits; 0 unless given. */
  readonly seed?: number;
  /** Turns texts to ids in `classify` and the like, and is saved with the model; none unless given. */
  readonly tokenizer?: Tokenizer;
}

/** What a forward pass gives: the head's outputs in the padded shape, rows at padding 0. */
export interface ModelOutput {
  /** The last layer's output, `[B, T, C]`. */
  readonly lastHiddenState: TensorData;
  /** The embeddings' output and every layer's, `[B, T, C]` each, if asked for. */
  readonly hiddenStates?: TensorData[];
  /**
   * What most heads give: of language models `[B, T, V]`, of token classification `[B, T, labels]`, of sequence classification
   * `[B, labels]`, of multiple choice `[B, choices]`.
   */
  readonly logits?: TensorData;
  /** Of question answering, `[B, T]`: how likely each token begins the answer. */
  readonly startLogits?: TensorData;
  /** Of question answering, `[B, T]`: how likely each token ends it. */
  readonly endLogits?: TensorData;
  /** A vector a sequence, `[B, C]`, of a base model with a pooler. */
  readonly poolerOutput?: TensorData;
  /** The mean loss, if there were labels: in nats, but of a regression, whose squared errors it averages. */
  readonly loss?: number;
}

/** Which tokens see which. */
export interface MaskOptions {
  /**
   * "unilm": tokens of type 0, which come first, see each other, those of type 1 them and those before (RoFormer-Sim). Unless
   * given, all see all, and in a decoder those before.
   */
  readonly maskType?: "unilm";
}

/** Settings of `RoFormer.forward`. */
export interface ForwardOptions extends MaskOptions {
  /** Whether `hiddenStates` is wanted; false unless given. */
  readonly outputHiddenStates?: boolean;
}

/** Settings of `RoFormer.valueAndGrad`. */
export interface GradientOptions extends MaskOptions {
  /** Turns dropout on; false unless given. */
  readonly train?: boolean;
  /** What dropout's draws follow from, with `step`; 0 unless given. */
  readonly seed?: number;
  /** Counted by the model unless given. */
  readonly step?: number;
  /**
   * Keeps of each layer its input alone and computes the layer a second time for its gradients: the same bits, less memory,
   * a third more time. False unless given.
   */
  readonly recompute?: boolean;
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
