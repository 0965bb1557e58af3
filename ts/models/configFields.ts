import type { AttentionFields, AttentionName } from "../nn/attentions/index.js";
import type { SummaryType } from "../nn/heads/summary.js";
import type { PositionName } from "../nn/positions/index.js";
import type { RopeParameters, RopeParametersInput } from "../nn/ropeParameters.js";
import type { ActivationName } from "../ops/activation.js";

/** What may stand for a class's name in a `config.json`. */
export type LabelName = string | number | boolean | null;

/** `id2label` as files have it: names by id, or in a list. */
export type LabelNames = Record<string, LabelName> | readonly LabelName[];

/** What Hugging Face's classes do not know: fields of `roformer_js`. Other fields are kept and mean nothing. */
export interface RoFormerExtensionInput extends AttentionFields {
  /** Position encoding. Default: "rotary", of a `bert` "learned". */
  position?: PositionName | undefined;
  /** Attention. Default: "softmax". */
  attention?: AttentionName | undefined;
  /** How rotary positions are scaled. Default: not at all, as in Hugging Face's RoFormer. */
  rope_parameters?: RopeParametersInput | undefined;
  /**
   * Probabilities from which a classifier gives labels, 0 … 1, by the labels' names: of one of two classes, or of labels of which a text has
   * several. Default: the most likely class, or labels of at least 0.5.
   */
  thresholds?: Record<string, number> | undefined;
  [field: string]: unknown;
}

/** {@link RoFormerExtensionInput}, checked. */
export interface RoFormerExtension extends RoFormerExtensionInput {
  rope_parameters?: RopeParameters | undefined;
}

/** Fields that are one type before they are checked and after, but that those with a default are always there. */
interface Fields {
  /** Hugging Face's class of the saved model, as `["RoFormerForMaskedLM"]`: the head that `RoFormer.load` chooses. */
  architectures?: string[] | null | undefined;
  /** Rows of the word vectors, V; 50,000 unless given, of a `bert` 30,522. */
  vocab_size?: number | undefined;
  /** Width of the embeddings, E; `hidden_size` for null, the default. Another one needs a layer from E to C. */
  embedding_size?: number | null | undefined;
  /** Width of the hidden states, C, a multiple of `num_attention_heads`; 768 unless given. */
  hidden_size?: number | undefined;
  /** Layers; 12 unless given. */
  num_hidden_layers?: number | undefined;
  /** Heads, H, of D = C / H numbers; 12 unless given. */
  num_attention_heads?: number | undefined;
  /** Width of the feed-forward layers, F; 3072 unless given. */
  intermediate_size?: number | undefined;
  /** Activation of the feed-forward layers and of the heads' own layers; "gelu", the exact one, unless given. */
  hidden_act?: ActivationName | undefined;
  /** Rate of dropout of embeddings and of what is added to the residuals, 0 to 1; 0.1 unless given. */
  hidden_dropout_prob?: number | undefined;
  /** Rate of dropout of attention's probabilities, 0 to 1; 0.1 unless given. */
  attention_probs_dropout_prob?: number | undefined;
  /**
   * Rate of dropout before a classifier of a `bert`, 0 to 1; `hidden_dropout_prob` for null, the default, and of RoFormers
   * always.
   */
  classifier_dropout?: number | null | undefined;
  /** Positions of a learned table, where longer texts are refused; others know no limit. 1536 unless given, of a `bert` 512. */
  max_position_embeddings?: number | undefined;
  /** Rows of the token type vectors; 2 unless given. */
  type_vocab_size?: number | undefined;
  /** Standard deviation of fresh weights; 0.02 unless given. */
  initializer_range?: number | null | undefined;
  /** ε added to the variances of layer normalisations; 10⁻¹² unless given. */
  layer_norm_eps?: number | undefined;
  /** Id whose word vector begins as 0 and gets no gradient from being looked up, null for none; 0 unless given. */
  pad_token_id?: number | null | undefined;
  /** Id of the token that begins a text, kept for `transformers`; null unless given. */
  bos_token_id?: number | number[] | null | undefined;
  /** Id of the token that ends a text, kept for `transformers`; null unless given. */
  eos_token_id?: number | number[] | null | undefined;
  /** Whether values are turned by position too; false unless given, as in the paper. */
  rotary_value?: boolean | null | undefined;
  /** Whether tokens see those before them alone; false unless given, true where the head is "causal-lm". */
  is_decoder?: boolean | null | undefined;
  /** Whether the layers of a decoder look at an encoder's states; false unless given. */
  add_cross_attention?: boolean | null | undefined;
  /** Kept for `transformers`; true unless given. */
  use_cache?: boolean | null | undefined;
  /** Whether a language model's decoder is the word vectors; true unless given. */
  tie_word_embeddings?: boolean | null | undefined;
  /** Classes or values that a classifier gives. Default: as many as `id2label` names, else 2. */
  num_labels?: number | null | undefined;
  /** Ids of the classes by their names, kept for `transformers`; names come from `id2label`. */
  label2id?: Record<string, number> | null | undefined;
  /**
   * What a sequence classifier's labels mean. For null, the default: of one label a regression; of more a class a sequence, or
   * where each has a list of labels, several.
   */
  problem_type?: "regression" | "single_label_classification" | "multi_label_classification" | null | undefined;
  /**
   * Activation of the pooler behind a base model; of a `bert` "tanh" unless given. A RoFormer has a pooler if this names one
   * (RoFormer-Sim).
   */
  pooler_activation?: ActivationName | null | undefined;
  /** Another name of `pooler_activation`. */
  pool_act?: ActivationName | null | undefined;
  /** BertConfig's way of positions: absolute ones alone are supported. */
  position_embedding_type?: "absolute" | null | undefined;
  /** How multiple choice makes one vector of a sequence; "last" unless given (as Hugging Face's RoFormer). */
  summary_type?: SummaryType | null | undefined;
  /** Whether a linear layer follows the summary; false unless given. */
  summary_use_proj?: boolean | null | undefined;
  /** Whether that layer gives `num_labels` numbers and not `hidden_size`; false unless given. */
  summary_proj_to_labels?: boolean | null | undefined;
  /** Activation of the summary; none unless given. */
  summary_activation?: ActivationName | null | undefined;
  /** Rate of dropout before the summary's layer, 0 to 1; 0 unless given. */
  summary_first_dropout?: number | null | undefined;
  /** Rate of dropout behind the summary, 0 to 1; 0 unless given. */
  summary_last_dropout?: number | null | undefined;
}

/** Fields with a default: those that are checked have them. */
type Defaulted =
  | ("vocab_size" | "embedding_size" | "hidden_size" | "num_hidden_layers" | "num_attention_heads")
  | ("intermediate_size" | "hidden_act" | "hidden_dropout_prob" | "attention_probs_dropout_prob" | "classifier_dropout")
  | ("max_position_embeddings" | "type_vocab_size" | "initializer_range" | "layer_norm_eps")
  | ("pad_token_id" | "bos_token_id" | "eos_token_id" | "rotary_value" | "is_decoder" | "add_cross_attention")
  | ("use_cache" | "tie_word_embeddings" | "problem_type");

/** Of these, the fields in which null says something of its own: with the others it means the default. */
type Nullable =
  | "embedding_size"
  | "classifier_dropout"
  | "pad_token_id"
  | "bos_token_id"
  | "eos_token_id"
  | "problem_type";

type Kept<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };
type Filled<T> = { [K in keyof T]-?: NonNullable<T[K]> };
type Complete = Omit<Fields, Defaulted> &
  Kept<Pick<Fields, Nullable>> &
  Filled<Pick<Fields, Exclude<Defaulted, Nullable>>>;

/** A configuration, but for `model_type`, which names the family that reads it. */
export interface FamilyConfigInput extends Fields {
  /**
   * Names of the classes by their ids, "0" …, or in a list. A name that is not a text becomes one as Python prints it: 1 is "1", 1.0
   * in a file "1.0", true "True", null "None". Default: `LABEL_0`, ….
   */
  id2label?: LabelNames | null | undefined;
  /** What Hugging Face's classes do not know. */
  roformer_js?: RoFormerExtensionInput | undefined;
  [field: string]: unknown;
}

/** The same, checked and complete, with whatever else the file held. */
export interface FamilyConfig extends Complete {
  /** Names of the classes by their ids. */
  id2label?: Record<string, string> | null | undefined;
  /** What Hugging Face's classes do not know. */
  roformer_js?: RoFormerExtension | undefined;
  [field: string]: unknown;
}
