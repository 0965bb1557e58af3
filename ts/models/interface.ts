import type { HeadName } from "../nn/heads/index.js";
import type { TensorData } from "../tensor/tensor.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";

/** Settings of `RoFormer.create`. */
export interface CreateOptions {
  /** What the model computes; "base", the hidden states, unless given. */
  readonly head?: HeadName;
  /** Fresh weights follow from it alone; 0 unless given. */
  readonly seed?: number;
  /** Turns texts to ids in `classify` and is saved with the model. */
  readonly tokenizer?: Tokenizer;
}

/** What a forward pass gives: the head's outputs in the padded shape, rows at padding 0. */
export interface ModelOutput {
  readonly lastHiddenState: TensorData;
  /** The embeddings' output and every layer's, if asked for. */
  readonly hiddenStates?: TensorData[];
  readonly logits?: TensorData;
  /** Of question answering, `[B, T]`. */
  readonly startLogits?: TensorData;
  readonly endLogits?: TensorData;
  /** A vector a sequence, `[B, C]`, of a base model with a pooler. */
  readonly poolerOutput?: TensorData;
  /** The loss, if there were labels. */
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
  /** Whether `hiddenStates` is wanted. */
  readonly outputHiddenStates?: boolean;
}

/** Settings of `RoFormer.valueAndGrad`. */
export interface GradientOptions extends MaskOptions {
  /** Turns dropout on. */
  readonly train?: boolean;
  /** What dropout's draws follow from, with `step`; 0 unless given. */
  readonly seed?: number;
  /** Counted by the model unless given. */
  readonly step?: number;
  /**
   * Keeps of each layer its input alone and computes the layer a second time for its gradients: the same bits, less memory,
   * a third more time.
   */
  readonly recompute?: boolean;
}

/** A gradient, copied when `data` is read: read it before the optimiser's step. */
export type GradientMap = Map<string, TensorData>;

/** One parameter of a model. */
export interface ParameterAccess {
  /** Hugging Face's name. */
  readonly name: string;
  readonly shape: readonly number[];
  /** The values, copied. */
  read(): Float32Array;
  /** Overwrites the values. */
  write(values: ArrayLike<number>): void;
}
