import { pooledChooser } from "../../nn/heads/multipleChoice.js";
import { pooledClassifier } from "../../nn/heads/sequenceClassification.js";
import type { FamilyConfig } from "../configFields.js";
import { bertEncoder, bertFiles, bertHeads, namedPooler } from "./bertLike.js";
import type { Family } from "./family.js";

const POSITION = "learned";

/** Parameters of layers. */
const OF_LAYER = /\.layer\.\d+\..+\.(weight|bias)$/;

/** BERT (Devlin et al. 2019). */
export const bert: Family = {
  ...bertFiles,
  defaults: { vocab_size: 30_522, max_position_embeddings: 512 },
  conflict,
  className: "Bert",
  classes: { "causal-lm": "BertLMHeadModel" },
  alsoHold: { BertForPreTraining: "masked-lm" },
  position: POSITION,
  newFor: { position: POSITION, attention: "softmax" },
  encoder: (config) => bertEncoder(config, POSITION),
  heads: (config) => ({
    ...bertHeads(config),
    classifier: pooledClassifier,
    chooser: pooledChooser,
    dropout: config.classifier_dropout ?? config.hidden_dropout_prob,
  }),
  pooler: (config, held = true) => (held ? (namedPooler(config) ?? "tanh") : undefined),
  prefix: "bert",
  outputs: ["classifier.weight"],
  foreign,
  savedType: () => "bert",
};

/** What Hugging Face's BERT does not have: another model by that name would be read as garbage. */
function conflict({ embedding_size, hidden_size, rotary_value, roformer_js = {} }: FamilyConfig): string | undefined {
  const { position = POSITION, attention = "softmax" } = roformer_js;
  const wrong =
    position !== POSITION || attention !== "softmax"
      ? `roformer_js names position ${position} and attention ${attention}`
      : (embedding_size ?? hidden_size) !== hidden_size
        ? `embedding_size ${embedding_size} is not hidden_size ${hidden_size}`
        : rotary_value && "rotary_value is true";
  return wrong ? `${wrong}, which model_type bert does not have; roformer_js does` : undefined;
}

/** Weights that have layers, but no learned positions, are a RoFormer's. */
function foreign(found: readonly string[], missing: readonly string[]): string | undefined {
  const lacks = missing.find((name) => name.endsWith("embeddings.position_embeddings.weight"));
  if (lacks === undefined || !found.some((name) => OF_LAYER.test(name))) return undefined;
  return `model_type is bert, but the weights lack ${lacks}: they are another model's`;
}
