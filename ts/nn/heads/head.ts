import type { ActivationName } from "../../ops/activation.js";
import type { Parameter } from "../../tensor/parameter.js";
import type { Tensor } from "../../tensor/tensor.js";
import type { Packed, PackedBatch } from "../packed.js";
import type { ParameterScope } from "../parameters.js";
import type { SummaryOptions } from "./summary.js";

/** What a head is made from. */
export interface HeadOptions {
  /** Where it may declare parameters: the root of the model's names. */
  readonly params: ParameterScope;
  /** The scope of the encoder, whose prefix a pooler has. */
  readonly encoder: ParameterScope;
  /** Width of the hidden states, C. */
  readonly width: number;
  /** The word vectors, `[V, E]`. */
  readonly words: Parameter;
  /** Whether the language model's decoder is the word vectors. */
  readonly tied: boolean;
  /** Activation of the head's own layers (`hidden_act`). */
  readonly activation: ActivationName;
  /** ε added to the variances of layer normalisations. */
  readonly eps: number;
  /** Rate of dropout before a classifier, 0 to 1. */
  readonly dropout: number;
  /** Number of classes or of values that a classifier gives. */
  readonly labels: number;
  /** What a sequence classifier's labels mean; undefined: the labels tell. */
  readonly problem: ProblemType | undefined;
  /** The activation of a pooler behind the bare encoder; undefined: it has none. */
  readonly pooler: ActivationName | undefined;
  /** How a sequence becomes one vector where choices are compared. */
  readonly summary: SummaryOptions;
  /** Whether the head's own layers and norms have biases; what gives labels always has one. */
  readonly bias: boolean;
  /** How sequences are classified: the model family's way. */
  readonly classifier: ScorerFactory;
  /** How choices are scored: the model family's way. */
  readonly chooser: ScorerFactory;
  /** How tokens are classified: the model family's way. */
  readonly tokenClassifier: TokenScorerFactory;
  /** How tokens are scored as an answer's ends: the model family's way. */
  readonly spanFinder: TokenScorerFactory;
  /** What the parameters are called. */
  readonly names: HeadNames;
}

/** Names of the parameters of a language model, counted from the root. */
export interface LanguageModelNames {
  /** The layer before the decoder. */
  readonly dense: string;
  /** The norm behind that. */
  readonly norm: string;
  /** The decoder, where it is not the word vectors. */
  readonly decoder: string;
  /** The decoder's bias, by its whole name. */
  readonly bias: string;
}

/** Names of the parameters of heads. */
export interface HeadNames {
  /** Of a language model. */
  readonly languageModel: LanguageModelNames;
  /** The pooler's layer, counted from the encoder's name. */
  readonly pooler: string;
}

/** What a classifier's labels mean (`problem_type`). */
export type ProblemType = "regression" | "single_label_classification" | "multi_label_classification";

/** Turns hidden states, `[N, C]`, to logits of sequences, `[B, labels]`. */
export type ScorerFactory = (options: HeadOptions) => (hidden: Tensor, batch: PackedBatch) => Tensor;

/** Turns hidden states, `[N, C]`, to logits of tokens, `[N, outputs]`. */
export type TokenScorerFactory = (options: HeadOptions, outputs: number) => (hidden: Tensor) => Tensor;

/** A head's output: a row a token, `[N, …]`, or a row a sequence, `[B, …]`. */
export interface HeadOutput {
  /** The numbers. */
  readonly tensor: Tensor;
  /** What a row of it belongs to. */
  readonly rows: "tokens" | "sequences";
}

/** What a loss is taken against. −100 is ignored. */
export interface Targets {
  /** `[N]`: a class for each token, or for a language model its id. */
  readonly tokens?: Int32Array;
  /**
   * ε of the tokens' cross-entropy, 0 to 1: their labels count 1 − ε, and ε is spread over all classes, as in PyTorch.
   * @default 0
   */
  readonly labelSmoothing?: number;
  /** `[B]` classes or values, or `[B][labels]`; where sequences are choices, the right one's number for each question. */
  readonly sequences?: readonly number[] | readonly (readonly number[])[];
  /** `[B]` each: the tokens of a sequence, counted from its first, at which the answer begins and ends. */
  readonly spans?: Spans;
}

/** Answers' places in B sequences, by tokens that are counted from a sequence's first. */
export interface Spans {
  /** The first token of each answer, `[B]`. */
  readonly starts: Int32Array;
  /** The last token of each answer, `[B]`. */
  readonly ends: Int32Array;
}

/** What a model computes from its hidden states. */
export interface Head {
  /** Outputs by Hugging Face's names, from `hidden` `[N, C]`. */
  forward(hidden: Tensor, batch: PackedBatch): Record<string, HeadOutput>;
  /**
   * The labels that count, those of −100 left out: a number for each mean that the loss is made of. A batch's are the sums of
   * those of its parts.
   */
  count(targets: Targets, packed: Packed): number[];
  /**
   * The loss, a tensor of one number; computes no output that it can do without. NaN where every label is ignored, as in
   * PyTorch. `counts`: what {@link count} gives for the whole batch, where this is a part of it; the parts' losses then add
   * up to that of the batch. Errors: ShapeError for labels of another number, ConfigError for a head without a loss.
   */
  loss(hidden: Tensor, batch: PackedBatch, targets: Targets, counts?: readonly number[]): Tensor;
}

/** A registered head. */
export interface HeadFactory {
  /** Hugging Face's class without the family: `ForMaskedLM`. */
  readonly architecture: string;
  /** What labels are given by: tokens, sequences, or spans of tokens; none: it has no loss. */
  readonly labels: "tokens" | "sequences" | "spans" | "none";
  /** True if it is the encoder alone, whose parameters then have no prefix in their names. */
  readonly bare?: boolean;
  /** True if the inputs are several sequences a question: `[B][choices][T]`. */
  readonly choices?: boolean;
  /**
   * Whether tokens must not see later ones. True if the head guesses each sequence's next token: its loss shifts the labels, and a
   * new model has `is_decoder`. False if it must see all.
   * @default what `is_decoder` says
   */
  readonly causal?: boolean;
  /**
   * True if the hidden states remain what a sentence-transformers folder's modules begin with, so that these are saved with the model.
   * @default false
   */
  readonly keepsModules?: boolean;
  /** Makes the head of one model, which declares its parameters. Errors: ConfigError for options that cannot be met. */
  create(options: HeadOptions): Head;
}
