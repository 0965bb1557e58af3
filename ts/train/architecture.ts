import { ConfigError, DataError } from "../errors.js";
import type { RoFormerConfig, RoFormerConfigInput } from "../models/config.js";
import { newModelType } from "../models/families.js";
import type { Model } from "../models/model.js";
import { type AttentionFactory, attentions, fieldsOf } from "../nn/attentions/index.js";
import { attentionSchema } from "../nn/attentions/schema.js";
import { type HeadName, heads } from "../nn/heads/index.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";
import { ARCHITECTURE, type ArchitectureSettings, type AttentionSettings } from "./settings/architecture.js";
import { withDefaults } from "./settings/rules.js";

/** Whether tokens must not see later ones. */
const isCausal = (head: HeadName): boolean => causalOf(head) ?? false;

const causalOf = (head: HeadName): boolean | undefined => heads[head].causal;

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
    model_type: newModelType(position, attention),
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
  const causal = causalOf(head) ?? is_decoder;
  const { dropout } = settings;
  return {
    is_decoder: causal,
    ...(dropout !== undefined && dropoutFields(dropout)),
    ...attentionChanges(settings, roformer_js, causal === is_decoder, head),
  };
}

/**
 * Another attention begins with its own defaults; settings of the same one stay, but for those that depend on whether the model is
 * causal, where that changes.
 */
function attentionChanges(
  settings: AttentionSettings,
  own: NonNullable<RoFormerConfig["roformer_js"]>,
  staysCausal: boolean,
  head: HeadName,
): Pick<RoFormerConfig, "roformer_js"> {
  const { attention: before = "softmax", ...all } = own;
  const { attention = before, ...others } = settings;
  const [stays, set] = [attention === before, fieldsOf(others)];
  if (stays && staysCausal && Object.keys(set).length === 0) return {};
  if (attention === "softmax" && stays) return {};
  const isField = (name: string) => Object.hasOwn(attentionSchema, name);
  const fields = Object.entries(all).filter(([name]) => isField(name));
  const causal = staysCausal ? {} : ((attentions[attention] as AttentionFactory).causal ?? {});
  return {
    roformer_js: {
      ...Object.fromEntries(Object.entries(all).filter(([name]) => !isField(name))),
      ...(stays && staysCausal ? { attention } : attentionFields({ attention }, head)),
      ...(stays && Object.fromEntries(fields.filter(([name]) => !Object.hasOwn(causal, name)))),
      ...set,
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

/** What `roformer_js` says of attention. */
function attentionFields({ attention = "softmax", ...settings }: AttentionSettings, head: HeadName) {
  const { causal }: AttentionFactory = attentions[attention];
  return { attention, ...fieldsOf(settings), ...(isCausal(head) && causal) };
}
