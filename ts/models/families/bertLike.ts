import type { AttentionNames, LayerNames } from "../../nn/blocks/options.js";
import { plainSpans } from "../../nn/heads/questionAnswering.js";
import { droppedTokens } from "../../nn/heads/tokenClassification.js";
import type { FamilyConfig } from "../configFields.js";
import { numLabels } from "../labels.js";
import type { EncoderSettings, Family, HeadSettings } from "./family.js";

/** Hugging Face's names of attention with its residual in BERT and its heirs; `part` is "attention" or "crossattention". */
const attentionOf = (part: string) => {
  const own = `${part}.self`;
  return {
    query: `${own}.query`,
    key: `${own}.key`,
    value: `${own}.value`,
    output: `${part}.output.dense`,
    norm: `${part}.output.LayerNorm`,
    features: own,
  };
};

const own: AttentionNames = (({ query, key, value, ...rest }) => ({ qkv: [query, key, value], ...rest }))(
  attentionOf("attention"),
);

const names: LayerNames = {
  attention: own,
  crossAttention: (({ key, value, ...rest }) => ({ keyValue: [key, value], ...rest }))(attentionOf("crossattention")),
  feedForward: { input: "intermediate.dense", output: "output.dense", norm: "output.LayerNorm" },
};

/** The post-norm encoder that BERT and its heirs have in common, with `positions` where `roformer_js` names none. */
export function bertEncoder(config: FamilyConfig, positions: Family["position"]): EncoderSettings {
  const { hidden_size, vocab_size, pad_token_id, roformer_js: ours = {} } = config;
  const common = { eps: config.layer_norm_eps, bias: true };
  const position = { name: ours.position ?? positions, rope: ours.rope_parameters };
  const layer = {
    ...common,
    ...{ width: hidden_size, heads: config.num_attention_heads, intermediateWidth: config.intermediate_size },
    ...({ activation: config.hidden_act, norm: "post", gated: false } as const),
    ...{ hiddenDropout: config.hidden_dropout_prob, attentionDropout: config.attention_probs_dropout_prob },
    ...({ attention: ours.attention ?? "softmax", attentionFields: ours, position, names } as const),
    ...{ rotateValue: config.rotary_value, crossAttention: config.add_cross_attention },
  };
  return {
    embeddings: {
      ...common,
      ...{ vocabulary: vocab_size, width: config.embedding_size ?? hidden_size, types: config.type_vocab_size },
      // Counted from the end where it is negative, as PyTorch does.
      padding: pad_token_id === null ? null : (pad_token_id + vocab_size) % vocab_size,
      dropout: config.hidden_dropout_prob,
      names: {
        words: "embeddings.word_embeddings",
        types: "embeddings.token_type_embeddings",
        norm: "embeddings.LayerNorm",
      },
    },
    position,
    layer: () => layer,
    names: {
      positions: "embeddings.position_embeddings",
      project: "embeddings_project",
      layer: (i) => `encoder.layer.${i}`,
    },
  };
}

/** What the heads of BERT and its heirs have in common. */
export const bertHeads = (config: FamilyConfig): Omit<HeadSettings, "classifier" | "chooser" | "dropout"> => ({
  width: config.hidden_size,
  tied: config.tie_word_embeddings,
  activation: config.hidden_act,
  eps: config.layer_norm_eps,
  bias: true,
  labels: numLabels(config),
  problem: config.problem_type ?? undefined,
  summary: {
    type: config.summary_type ?? "last",
    project: config.summary_use_proj ?? false,
    toLabels: config.summary_proj_to_labels ?? false,
    activation: config.summary_activation ?? undefined,
    firstDropout: config.summary_first_dropout ?? 0,
    lastDropout: config.summary_last_dropout ?? 0,
  },
  tokenClassifier: droppedTokens,
  spanFinder: plainSpans,
  names: {
    languageModel: {
      dense: "cls.predictions.transform.dense",
      norm: "cls.predictions.transform.LayerNorm",
      decoder: "cls.predictions.decoder",
      bias: "cls.predictions.bias",
    },
    pooler: "pooler.dense",
  },
});

/** RoFormer's successor, which has RoFormer's names. */
export const V2 = "RoFormerV2, without biases and with norms that have no weights";

/** What files of BERT and its heirs have in common. */
export const bertFiles = {
  foreignField({ norm_type, use_bias }) {
    const field =
      (norm_type ?? "layer_norm") !== "layer_norm" ? "norm_type" : use_bias === false ? "use_bias" : undefined;
    return field === undefined ? undefined : { field, model: V2 };
  },
  fileNames: {
    aliases: { "cls.predictions.decoder.bias": "cls.predictions.bias" },
    copies: ["cls.predictions.decoder.weight", "cls.predictions.decoder.bias"],
  },
  noDecay: ["bias", "LayerNorm.weight"],
} satisfies Partial<Family>;

/** The activation of a pooler that a configuration names: RoFormer-Sim's authors have two names for it. */
export const namedPooler = ({ pooler_activation, pool_act }: FamilyConfig) =>
  pooler_activation ?? pool_act ?? undefined;
