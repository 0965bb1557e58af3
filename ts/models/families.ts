import type { AttentionName } from "../nn/attentions/index.js";
import type { ClassifierFactory } from "../nn/heads/index.js";
import { denseClassifier, pooledClassifier } from "../nn/heads/sequenceClassification.js";
import type { PositionName } from "../nn/positions/index.js";
import type { RoFormerConfig } from "./config.js";

/** How models that Hugging Face names by one `model_type` differ: names and heads, never blocks. */
export interface Family {
  /** Prefix of the encoder's tensors in a model with a head. */
  readonly prefix: string;
  /** Begin of the classes' names: `RoFormerForMaskedLM`. */
  readonly className: string;
  readonly position: PositionName;
  readonly classifier: ClassifierFactory;
}

const roformer: Family = {
  prefix: "roformer",
  className: "RoFormer",
  position: "rotary",
  classifier: denseClassifier,
};

/** Families by `model_type`. `roformer_js` is RoFormer with what Hugging Face's class cannot compute. */
export const families: Record<RoFormerConfig["model_type"], Family> = {
  roformer,
  roformer_js: roformer,
  bert: { prefix: "bert", className: "Bert", position: "learned", classifier: pooledClassifier },
};

/** The position encoding and attention that a configuration names. */
export function parts(config: RoFormerConfig): { family: Family; position: PositionName; attention: AttentionName } {
  const family = families[config.model_type];
  const { position = family.position, attention = "softmax" } = config.roformer_js ?? {};
  return { family, position, attention };
}

/**
 * The `model_type` under which a model is saved: `roformer` or `bert` only where Hugging Face's class of that name computes
 * the same function; else `roformer_js`, which `transformers` refuses instead of computing something else.
 */
export function savedModelType(config: RoFormerConfig): RoFormerConfig["model_type"] {
  const { family, position, attention } = parts(config);
  if (attention !== "softmax" || position !== family.position) return "roformer_js";
  return family === families.bert ? "bert" : "roformer";
}
