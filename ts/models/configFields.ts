import type { AttentionName, Rotation } from "../nn/attentions/index.js";
import type { SummaryType } from "../nn/heads/summary.js";
import type { PositionName } from "../nn/positions/index.js";
import type { RopeParameters, RopeParametersInput } from "../nn/ropeParameters.js";
import type { ActivationName } from "../ops/activation.js";

/** What may stand for a class's name in a `config.json`. */
export type LabelName = string | number | boolean | null;

/** `id2label` as files have it: names by id, or in a list. */
export type LabelNames = Record<string, LabelName> | readonly LabelName[];

/** What Hugging Face's classes do not know: fields of `roformer_js`. Other fields are kept and mean nothing. */
export interface RoFormerExtensionInput {
  /** Position encoding; "rotary" unless given, of a `bert` "learned". */
  position?: PositionName | undefined;
  /** Attention; "softmax" unless given. */
  attention?: AttentionName | undefined;
  /** How rotary positions are scaled; not at all unless given, and never in Hugging Face's RoFormer. */
  rope_parameters?: RopeParametersInput | undefined;
  /** Where linear attentions turn; "eq19" unless given. */
  rotation?: Rotation | undefined;
  /** Features of a head of a Performer, M; D · ln D unless given. */
  num_random_features?: number | undefined;
  /** ε inside of features, ≥ 0; 10⁻⁴ of `performer`, 10⁻³ of the relu ones unless given. */
  kernel_epsilon?: number | undefined;
  [field: string]: unknown;
}

/** {@link RoFormerExtensionInput}, checked. */
export interface RoFormerExtension extends RoFormerExtensionInput {
  rope_parameters?: RopeParameters | undefined;
}

/**
 * What `RoFormer.create` takes: any of the fields of Hugging Face's RoFormerConfig and BertConfig; the rest have its defaults.
 * Fields of other names are kept, but one that looks like a misspelling is refused.
 */
export interface RoFormerConfigInput {
  /** The model's class; "roformer" unless given. "roformer_js" is what `transformers` has no class for. */
  model_type?: "roformer" | "roformer_js" | "bert" | undefined;
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
  /**
   * Names of the classes by their ids, "0" …, or in a list. A name that is not a text becomes one as Python prints it: 1 is "1", 1.0
   * in a file "1.0", true "True", null "None". Default: `LABEL_0`, ….
   */
  id2label?: LabelNames | null | undefined;
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
  /** What Hugging Face's classes do not know. */
  roformer_js?: RoFormerExtensionInput | undefined;
  [field: string]: unknown;
}

/** A model's configuration: Hugging Face's fields, complete, and whatever else the file held. */
export interface RoFormerConfig extends RoFormerConfigInput {
  model_type: "roformer" | "roformer_js" | "bert";
  vocab_size: number;
  embedding_size: number | null;
  hidden_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  intermediate_size: number;
  hidden_act: ActivationName;
  hidden_dropout_prob: number;
  attention_probs_dropout_prob: number;
  classifier_dropout: number | null;
  max_position_embeddings: number;
  type_vocab_size: number;
  initializer_range: number;
  layer_norm_eps: number;
  pad_token_id: number | null;
  bos_token_id: number | number[] | null;
  eos_token_id: number | number[] | null;
  rotary_value: boolean;
  is_decoder: boolean;
  add_cross_attention: boolean;
  use_cache: boolean;
  tie_word_embeddings: boolean;
  id2label?: Record<string, string> | null | undefined;
  problem_type: "regression" | "single_label_classification" | "multi_label_classification" | null;
  roformer_js?: RoFormerExtension | undefined;
}
