import { ConfigError, DataError } from "../errors.js";
import type { RoFormerConfig, RoFormerConfigInput } from "../models/config.js";
import type { Model } from "../models/model.js";
import { type HeadName, heads } from "../nn/heads/index.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";
import { ARCHITECTURE, type ArchitectureSettings, type AttentionSettings } from "./settings/architecture.js";
import { withDefaults } from "./settings/rules.js";

/** Whether tokens must not see later ones. */
const isCausal = (head: HeadName): boolean => heads[head].causal ?? false;

/** The configuration of a model for `tokenizer` and texts of `maxLength` tokens. */
export function architecture(
  settings: ArchitectureSettings,
  tokenizer: Tokenizer,
  { maxLength, head }: { maxLength: number; head: HeadName },
): RoFormerConfigInput {
  const { position, attention, width, layers, dropout } = withDefaults(settings, ARCHITECTURE);
  const { heads = Math.max(1, Math.floor(width / 64)), ffn = 4 * width } = settings;
  if (width % heads !== 0) throw new ConfigError(`width ${width} is not a multiple of heads ${heads}`);
  return {
    // BERT's class is what computes learned positions under Hugging Face's names.
    model_type: position === "learned" && attention === "softmax" ? "bert" : "roformer",
    vocab_size: tokenizer.vocabSize,
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: ffn,
    ...dropoutFields(dropout),
    max_position_embeddings: Math.max(512, maxLength),
    pad_token_id: tokenizer.padTokenId ?? null,
    is_decoder: isCausal(head),
    roformer_js: { position, ...attentionFields(settings, head) },
  };
}

/**
 * What becomes of a saved model's configuration: dropout and another attention as they are set, and whether it is causal, as
 * the head wants it.
 */
export function changes(
  settings: AttentionSettings & Pick<ArchitectureSettings, "dropout">,
  { roformer_js = {}, is_decoder }: RoFormerConfig,
  head: HeadName,
): Partial<RoFormerConfig> {
  const causal = isCausal(head) || (is_decoder && head !== "masked-lm");
  const { dropout } = settings;
  return {
    is_decoder: causal,
    ...(dropout !== undefined && dropoutFields(dropout)),
    ...attentionChanges(settings, roformer_js, causal === is_decoder, head),
  };
}

/** Another attention begins with its own defaults; ε of the same one stays, unless it becomes causal or ceases to be so. */
function attentionChanges(
  settings: AttentionSettings,
  own: NonNullable<RoFormerConfig["roformer_js"]>,
  staysCausal: boolean,
  head: HeadName,
): Pick<RoFormerConfig, "roformer_js"> {
  const { attention: before = "softmax", rotation, num_random_features, kernel_epsilon, ...rest } = own;
  const { attention = before } = settings;
  const stays = attention === before;
  if (stays && staysCausal && settings.rotation === undefined && settings.numRandomFeatures === undefined) return {};
  if (attention === "softmax" && stays) return {};
  return {
    roformer_js: {
      ...rest,
      ...(stays && { rotation, num_random_features }),
      ...attentionFields({ ...settings, attention }, head),
      ...(stays && staysCausal && { kernel_epsilon }),
    },
  };
}

/** A model whose tokenizer has more pieces than it has rows for is not what a folder should hold. */
export function requireVocabulary({ tokenizer, config }: Model, where: string): void {
  if (tokenizer && tokenizer.vocabSize > config.vocab_size)
    throw new DataError(
      `${where}: the tokenizer has ${tokenizer.vocabSize} pieces, and vocab_size is ${config.vocab_size}`,
    );
}

/** Whether a tensor is one of random features, which do not have to come from a saved model. */
export const isProjection = (name: string): boolean => name.endsWith(".projection_matrix");

const dropoutFields = (dropout: number) => ({
  hidden_dropout_prob: dropout,
  attention_probs_dropout_prob: dropout,
});

/** What `roformer_js` says of attention. A causal Performer has ε = 0: only then has no later key a say. */
function attentionFields({ attention = "softmax", rotation, numRandomFeatures }: AttentionSettings, head: HeadName) {
  return {
    attention,
    ...(rotation && { rotation }),
    ...(numRandomFeatures !== undefined && { num_random_features: numRandomFeatures }),
    ...(attention === "performer" && isCausal(head) && { kernel_epsilon: 0 }),
  };
}
