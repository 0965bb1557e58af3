import type { ActivationName } from "../../ops/activation.js";
import type { Parameter } from "../../tensor/parameter.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { PackedBatch } from "../packed.js";
import type { ParameterScope } from "../parameters.js";

/** What a head is made from. */
export interface HeadOptions {
  /** Where it may declare parameters: the root of the model's names. */
  readonly scope: ParameterScope;
  /** The scope of the encoder, whose prefix a pooler has. */
  readonly encoder: ParameterScope;
  /** Width of the hidden states, C. */
  readonly width: number;
  /** The word vectors, `[V, E]`. */
  readonly words: Parameter;
  /** Whether the language model's decoder is the word vectors. */
  readonly tied: boolean;
  readonly activation: ActivationName;
  readonly eps: number;
  readonly dropout: number;
  /** Number of classes or of values that a classifier gives. */
  readonly labels: number;
  readonly problem: ProblemType | undefined;
  /** How sequences are classified: the model family's way. */
  readonly classifier: ClassifierFactory;
}

/** What a classifier's labels mean (`problem_type`). */
export type ProblemType = "regression" | "single_label_classification" | "multi_label_classification";

/** Turns the hidden states of first tokens, `[B, C]`, to logits `[B, labels]`. */
export type ClassifierFactory = (options: HeadOptions) => (first: Tensor) => Tensor;

/** A head's output: a row a token, `[N, …]`, or a row a sequence, `[B, …]`. */
export interface HeadOutput {
  readonly tensor: Tensor;
  readonly rows: "tokens" | "sequences";
}

/** What a loss is taken against: labels by token (−100 is ignored) or by sequence. */
export interface Targets {
  /** `[N]`: a token's label. */
  readonly tokens?: Int32Array;
  /** `[B]` classes or values, or `[B][labels]`. */
  readonly sequences?: readonly number[] | readonly (readonly number[])[];
}

/** What a model computes from its hidden states. */
export interface Head {
  /** Outputs by Hugging Face's names, from `hidden` `[N, C]`. */
  forward(hidden: Tensor, batch: PackedBatch): Record<string, HeadOutput>;
  /** The loss, a scalar; computes no output that it can do without. */
  loss(hidden: Tensor, batch: PackedBatch, targets: Targets): Tensor;
}

/** A registered head. */
export interface HeadFactory {
  /** Hugging Face's class without the family: `ForMaskedLM`. */
  readonly architecture: string;
  /** Whether labels are given by token or by sequence; none: it has no loss. */
  readonly labels: "tokens" | "sequences" | "none";
  create(options: HeadOptions): Head;
}
