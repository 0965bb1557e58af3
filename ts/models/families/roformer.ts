import { summaryChooser } from "../../nn/heads/multipleChoice.js";
import { denseClassifier } from "../../nn/heads/sequenceClassification.js";
import type { FamilyConfig } from "../configFields.js";
import { rotaryConflict } from "../rotarySettings.js";
import { bertEncoder, bertFiles, bertHeads, namedPooler } from "./bertLike.js";
import type { Family } from "./family.js";
import { sinusoids } from "./sinusoids.js";

const POSITION = "rotary";

/** RoFormer (Su et al. 2021). */
export const roformer: Family = {
  ...bertFiles,
  defaults: {},
  conflict: (config) => rotaryConflict(config, config.roformer_js?.position ?? POSITION),
  className: "RoFormer",
  position: POSITION,
  encoder: (config) => bertEncoder(config, POSITION),
  heads: (config) => ({
    ...bertHeads(config),
    classifier: denseClassifier,
    chooser: summaryChooser,
    dropout: config.hidden_dropout_prob,
  }),
  pooler(config, held) {
    const named = namedPooler(config);
    return (held ?? named !== undefined) ? (named ?? "tanh") : undefined;
  },
  prefix: "roformer",
  outputs: ["classifier.weight", "classifier.out_proj.weight"],
  savedType: (config) => (isHuggingFaces(config) ? "roformer" : "roformer_js"),
  derived: (config, prefix) => (isHuggingFaces(config) ? [sinusoids(config, prefix)] : []),
};

/** Whether Hugging Face's class computes the same. */
function isHuggingFaces({ roformer_js = {} }: FamilyConfig): boolean {
  const { position = POSITION, attention = "softmax", rope_parameters } = roformer_js;
  return position === POSITION && attention === "softmax" && rope_parameters === undefined;
}
