import * as v from "valibot";
import { type AttentionName, attentions } from "../nn/attentions/index.js";
import { attentionSchema } from "../nn/attentions/schema.js";
import { activation, flag, notNegative, oneOf, probability, whole } from "../nn/fieldTypes.js";
import { SUMMARY_TYPES } from "../nn/heads/summary.js";
import { type PositionName, positions } from "../nn/positions/index.js";
import { ropeParametersSchema } from "../nn/ropeSchema.js";
import { id2labelSchema, label2idSchema } from "./labelMaps.js";

const isId = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= -1 && (value as number) < 2 ** 31;
/** An id that is kept for transformers alone. Its release 4 takes the token's text too, which says nothing here. */
const id = v.nullish(
  v.pipe(
    v.custom<number | number[] | null>(
      (value) => isId(value) || typeof value === "string" || (Array.isArray(value) && value.every(isId)),
      "an id",
    ),
    v.transform((value) => (typeof value === "string" ? null : value)),
  ),
  null,
);

const problemTypes = ["regression", "single_label_classification", "multi_label_classification"] as const;

/** What Hugging Face's classes do not know. */
const extension = v.looseObject(
  {
    position: v.optional(oneOf(Object.keys(positions) as PositionName[])),
    attention: v.optional(oneOf(Object.keys(attentions) as AttentionName[])),
    rope_parameters: v.optional(ropeParametersSchema),
    thresholds: v.optional(v.record(v.string(), probability, "numbers by label")),
    ...attentionSchema,
  },
  "an object",
);

/** Hugging Face's fields of RoFormerConfig and BertConfig, with the former's defaults. Families add to them, and have other defaults. */
export const fields = {
  architectures: v.nullish(v.array(v.string("a list of names"), "a list of names")),
  vocab_size: v.optional(whole(1, 10_000_000), 50_000),
  embedding_size: v.nullish(whole(1, 65_536), null),
  hidden_size: v.optional(whole(1, 65_536), 768),
  num_hidden_layers: v.optional(whole(0, 1000), 12),
  num_attention_heads: v.optional(whole(1, 65_536), 12),
  intermediate_size: v.optional(whole(1, 1_048_576), 3072),
  hidden_act: v.optional(activation, "gelu"),
  hidden_dropout_prob: v.optional(probability, 0.1),
  attention_probs_dropout_prob: v.optional(probability, 0.1),
  classifier_dropout: v.nullish(probability, null),
  max_position_embeddings: v.optional(whole(1, 100_000_000), 1536),
  type_vocab_size: v.optional(whole(1, 1_000_000), 2),
  initializer_range: v.nullish(notNegative, 0.02),
  layer_norm_eps: v.optional(notNegative, 1e-12),
  pad_token_id: v.optional(v.nullable(whole(-1, 2 ** 31 - 1)), 0),
  bos_token_id: id,
  eos_token_id: id,
  rotary_value: v.optional(flag, false),
  is_decoder: v.optional(flag, false),
  add_cross_attention: v.optional(flag, false),
  use_cache: v.optional(flag, true),
  tie_word_embeddings: v.optional(flag, true),
  num_labels: v.nullish(whole(1, 1_000_000)),
  id2label: v.nullish(id2labelSchema),
  label2id: v.nullish(label2idSchema),
  problem_type: v.nullish(oneOf(problemTypes), null),
  // What the base model has behind it: BERT's pooler has tanh; RoFormer-Sim names another (its authors' two names of it).
  pooler_activation: v.nullish(activation),
  pool_act: v.nullish(activation),
  position_embedding_type: v.nullish(oneOf(["absolute"] as const)),
  summary_type: v.nullish(oneOf(SUMMARY_TYPES)),
  summary_use_proj: v.nullish(flag),
  summary_proj_to_labels: v.nullish(flag),
  summary_activation: v.nullish(activation),
  summary_first_dropout: v.nullish(probability),
  summary_last_dropout: v.nullish(probability),
  roformer_js: v.optional(extension),
};
