import type { HeadName } from "../nn/heads/index.js";
import type { TensorData } from "../tensor/tensor.js";
import type { ModelInputs } from "./inputs.js";

/** What every forward pass gives, in the padded shape: rows at padding are 0. */
export interface EncoderOutput {
  /** The last layer's output, `[B, T, C]`. */
  readonly lastHiddenState: TensorData;
  /** The embeddings' output and every layer's, `[B, T, C]` each, with `outputHiddenStates: true`. */
  readonly hiddenStates?: TensorData[];
}

/** What a model with the head "base" gives. */
export interface BaseOutput extends EncoderOutput {
  /** A vector a sequence, `[B, C]`, of a model with a pooler. */
  readonly poolerOutput?: TensorData;
}

/** What gives a loss where there are labels. */
interface LossOutput extends EncoderOutput {
  /** The mean loss, with labels: in nats; a regression's is the mean squared error. */
  readonly loss?: number;
}

/** What a model with the head "masked-lm" or "causal-lm" gives. */
export interface LanguageModelOutput extends LossOutput {
  /** A score for each token of the vocabulary at each place, `[B, T, V]`. */
  readonly logits: TensorData;
}

/** What a model with the head "sequence-classification" gives. */
export interface SequenceClassifierOutput extends LossOutput {
  /** A score for each label of each sequence, `[B, labels]`. */
  readonly logits: TensorData;
}

/** What a model with the head "token-classification" gives. */
export interface TokenClassifierOutput extends LossOutput {
  /** A score for each label of each token, `[B, T, labels]`. */
  readonly logits: TensorData;
}

/** What a model with the head "multiple-choice" gives. */
export interface MultipleChoiceOutput extends LossOutput {
  /** A score for each choice of each question, `[B, choices]`. */
  readonly logits: TensorData;
}

/** What a model with the head "question-answering" gives. */
export interface QuestionAnsweringOutput extends LossOutput {
  /** How likely each token begins the answer, `[B, T]`. */
  readonly startLogits: TensorData;
  /** How likely each token ends the answer, `[B, T]`. */
  readonly endLogits: TensorData;
}

/** What a forward pass gives where the head is not known to TypeScript: what any head may give. */
export interface ModelOutput extends LossOutput {
  /**
   * What most heads give: language models `[B, T, V]`, token classification `[B, T, labels]`, sequence classification
   * `[B, labels]`, multiple choice `[B, choices]`.
   */
  readonly logits?: TensorData;
  /** Of question answering, `[B, T]`: how likely each token begins the answer. */
  readonly startLogits?: TensorData;
  /** Of question answering, `[B, T]`: how likely each token ends it. */
  readonly endLogits?: TensorData;
  /** A vector a sequence, `[B, C]`, of a base model with a pooler. */
  readonly poolerOutput?: TensorData;
}

/** Outputs by head. */
export interface OutputsByHead {
  /** Of an encoder alone. */
  base: BaseOutput;
  /** Of a masked language model. */
  "masked-lm": LanguageModelOutput;
  /** Of a causal language model. */
  "causal-lm": LanguageModelOutput;
  /** Of a classifier of texts. */
  "sequence-classification": SequenceClassifierOutput;
  /** Of a classifier of tokens. */
  "token-classification": TokenClassifierOutput;
  /** Of an extractive question answerer. */
  "question-answering": QuestionAnsweringOutput;
  /** Of a model that chooses among texts. */
  "multiple-choice": MultipleChoiceOutput;
}

/** `never` where all heads of `All` give the same, else `true`. */
type Mixed<H extends HeadName, All extends HeadName = H> = H extends HeadName
  ? [OutputsByHead[All]] extends [OutputsByHead[H]]
    ? never
    : true
  : never;

/** What a model with the head `H` gives; {@link ModelOutput} where `H` may be one of several that give different things. */
export type OutputOf<H extends HeadName> = [Mixed<H>] extends [never] ? OutputsByHead[H] : ModelOutput;

/** Inputs with the labels that a loss needs. */
export interface LabelledInputs extends ModelInputs {
  /** What the loss is taken against, as in {@link ModelInputs}. */
  readonly labels: NonNullable<ModelInputs["labels"]>;
}

/** Inputs with the answers' places, which the loss of question answering needs. */
export interface AnswerInputs extends ModelInputs {
  /** Each answer's first token, `[B]`. */
  readonly startPositions: readonly number[];
  /** Each answer's last token, `[B]`. */
  readonly endPositions: readonly number[];
}

/** Inputs of `RoFormer.valueAndGrad` by head. */
export interface GradientInputsByHead {
  /** A base model has no loss. Where the head is any, these inputs stand for all. */
  base: ModelInputs;
  /** Of a masked language model. */
  "masked-lm": LabelledInputs;
  /** Of a causal language model. */
  "causal-lm": LabelledInputs;
  /** Of a classifier of texts. */
  "sequence-classification": LabelledInputs;
  /** Of a classifier of tokens. */
  "token-classification": LabelledInputs;
  /** Of an extractive question answerer. */
  "question-answering": AnswerInputs;
  /** Of a model that chooses among texts. */
  "multiple-choice": LabelledInputs;
}
