import * as v from "valibot";
import type { FamilyConfig } from "../../ts/models/configFields.js";
import type { EncoderSettings, Family } from "../../ts/models/families/index.js";
import { numLabels } from "../../ts/models/labels.js";
import type { LayerNames } from "../../ts/nn/blocks/options.js";
import { Dropout } from "../../ts/nn/dropout.js";
import { activation, notNegative, whole } from "../../ts/nn/fieldTypes.js";
import type { HeadOptions, ScorerFactory, TokenScorerFactory } from "../../ts/nn/heads/index.js";
import { LayerNorm } from "../../ts/nn/layerNorm.js";
import { Linear } from "../../ts/nn/linear.js";
import { firstStates } from "../../ts/nn/pooler.js";
import type { RopeParameters } from "../../ts/nn/ropeParameters.js";
import { ropeParametersSchema } from "../../ts/nn/ropeSchema.js";
import type { ActivationName } from "../../ts/ops/activation.js";
import type { Tensor } from "../../ts/tensor/tensor.js";

/** What ModernBertConfig has beside the common fields. */
const fields = {
  hidden_activation: v.optional(activation, "gelu"),
  classifier_activation: v.optional(activation, "gelu"),
  norm_eps: v.optional(notNegative, 1e-5),
  local_attention: v.optional(whole(2, 65_536), 128),
  layer_types: v.array(v.picklist(["full_attention", "sliding_attention"])),
  rope_parameters: v.object({ full_attention: ropeParametersSchema, sliding_attention: ropeParametersSchema }),
};

type Config = FamilyConfig & {
  readonly hidden_activation: ActivationName;
  readonly classifier_activation: ActivationName;
  readonly norm_eps: number;
  readonly local_attention: number;
  readonly layer_types: readonly ("full_attention" | "sliding_attention")[];
  readonly rope_parameters: Record<"full_attention" | "sliding_attention", RopeParameters>;
};

const names: LayerNames = {
  attention: { qkv: "attn.Wqkv", output: "attn.Wo", norm: "attn_norm", features: "attn" },
  feedForward: { input: "mlp.Wi", output: "mlp.Wo", norm: "mlp_norm" },
};
/** The embeddings are normalized already. */
const firstNames: LayerNames = { ...names, attention: { ...names.attention, norm: undefined } };

/** ModernBERT (Warner et al. 2024): pre-norm, gated, without biases, with windows and rotations by layer. */
export const modernbert: Family = {
  fields,
  defaults: { vocab_size: 50_368, max_position_embeddings: 8192 },
  conflict: () => undefined,
  className: "ModernBert",
  position: "rotary-half",
  encoder: (config) => encoder(config as Config),
  heads: (config) => ({
    ...{ width: config.hidden_size, tied: config.tie_word_embeddings, bias: false, dropout: 0 },
    ...{ activation: (config as Config).classifier_activation, eps: (config as Config).norm_eps },
    ...{ labels: numLabels(config), problem: config.problem_type ?? undefined },
    summary: { type: "first", project: false, toLabels: false, activation: undefined, firstDropout: 0, lastDropout: 0 },
    classifier,
    chooser: (options) => classifier({ ...options, labels: 1 }),
    tokenClassifier,
    spanFinder: tokenClassifier,
    names: {
      languageModel: { dense: "head.dense", norm: "head.norm", decoder: "decoder", bias: "decoder.bias" },
      pooler: "pooler",
    },
  }),
  pooler: () => undefined,
  prefix: "model",
  fileNames: { aliases: {}, copies: ["decoder.weight"] },
  outputs: ["classifier.weight"],
  noDecay: ["bias", "norm.weight"],
  savedType: () => "modernbert",
};

function encoder(config: Config): EncoderSettings {
  const { hidden_size: width, norm_eps: eps, layer_types, rope_parameters } = config;
  const position = (type: Config["layer_types"][number]) =>
    ({ name: "rotary-half", rope: rope_parameters[type] }) as const;
  return {
    embeddings: {
      ...{ vocabulary: config.vocab_size, width, padding: config.pad_token_id, eps, bias: false, dropout: 0 },
      names: { words: "embeddings.tok_embeddings", norm: "embeddings.norm" },
    },
    position: position("full_attention"),
    layer: (i) => ({
      ...{ width, heads: config.num_attention_heads, intermediateWidth: config.intermediate_size, eps },
      ...{ activation: config.hidden_activation, norm: "pre", bias: false, gated: true },
      window: layer_types[i] === "sliding_attention" ? Math.floor(config.local_attention / 2) : undefined,
      ...{ hiddenDropout: 0, attentionDropout: 0, attention: "softmax", attentionFields: {} },
      ...{ position: position(layer_types[i]!), rotateValue: false, crossAttention: false },
      names: i === 0 ? firstNames : names,
    }),
    finalNorm: { name: "final_norm", eps, bias: false },
    names: { positions: "embeddings", project: "project", layer: (i) => `layers.${i}` },
  };
}

/** What stands before the last layer of every head. */
function predictionHead({ params: root, width, bias, activation, eps }: HeadOptions): (x: Tensor) => Tensor {
  const dense = new Linear(root.at("head.dense"), width, width, bias);
  const norm = new LayerNorm(root.at("head.norm"), width, eps, bias);
  return (x) => norm.forward(dense.forward(x, activation));
}

const classifier: ScorerFactory = (options) => {
  const tokens = tokenClassifier(options, options.labels);
  return (hidden, batch) => tokens(firstStates(hidden, batch));
};

const tokenClassifier: TokenScorerFactory = (options, outputs) => {
  const head = predictionHead(options);
  const drop = new Dropout(options.params, options.dropout);
  const out = new Linear(options.params.at("classifier"), options.width, outputs);
  return (hidden) => out.forward(drop.forward(head(hidden)));
};
