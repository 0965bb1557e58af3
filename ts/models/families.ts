import type { AttentionName } from "../nn/attentions/index.js";
import { type HeadName, heads, type ScorerFactory } from "../nn/heads/index.js";
import { pooledChooser, summaryChooser } from "../nn/heads/multipleChoice.js";
import { denseClassifier, pooledClassifier } from "../nn/heads/sequenceClassification.js";
import type { PositionName } from "../nn/positions/index.js";
import type { ActivationName } from "../ops/activation.js";
import type { RoFormerConfig } from "./config.js";

/** How models that Hugging Face names by one `model_type` differ: names and heads, never blocks. */
export interface Family {
  /** Prefix of the encoder's tensors in a model with a head. */
  readonly prefix: string;
  /** Begin of the classes' names: `RoFormerForMaskedLM`. */
  readonly className: string;
  readonly position: PositionName;
  readonly classifier: ScorerFactory;
  readonly chooser: ScorerFactory;
  /** Rate of dropout before a classifier. */
  classifierDropout(config: RoFormerConfig): number;
  /** Names of classes that do not follow from the head's. */
  readonly classes: Readonly<Partial<Record<HeadName, string>>>;
  /** Further classes that hold a head, among other things. */
  readonly alsoHold: Readonly<Record<string, HeadName>>;
}

const roformer: Family = {
  prefix: "roformer",
  className: "RoFormer",
  position: "rotary",
  classifier: denseClassifier,
  chooser: summaryChooser,
  classifierDropout: ({ hidden_dropout_prob }) => hidden_dropout_prob,
  classes: {},
  alsoHold: {},
};

const bert: Family = {
  prefix: "bert",
  className: "Bert",
  position: "learned",
  classifier: pooledClassifier,
  chooser: pooledChooser,
  classifierDropout: ({ classifier_dropout, hidden_dropout_prob }) => classifier_dropout ?? hidden_dropout_prob,
  classes: { "causal-lm": "BertLMHeadModel" },
  alsoHold: { BertForPreTraining: "masked-lm" },
};

/** Families by `model_type`. `roformer_js` is RoFormer with what Hugging Face's class cannot compute. */
export const families: Record<RoFormerConfig["model_type"], Family> = {
  roformer,
  roformer_js: roformer,
  bert,
};

/** Hugging Face's name for a model of a family with a head: `RoFormerForMaskedLM`. */
export const classOf = (family: Family, head: HeadName): string =>
  family.classes[head] ?? family.className + heads[head].architecture;

/**
 * The activation of a base model's pooler, undefined if it has none. `held`: whether a file holds one; without a file BERT has one,
 * and RoFormer if its configuration names the activation (RoFormer-Sim).
 */
export function poolerOf(config: RoFormerConfig, head: HeadName, held?: boolean): ActivationName | undefined {
  const named = config.pooler_activation ?? config.pool_act ?? undefined;
  const has = held ?? (families[config.model_type] === bert || named !== undefined);
  return head === "base" && has ? (named ?? "tanh") : undefined;
}

/** The head of the class `name`; undefined if the family has no such class. */
export function headOfClass(family: Family, name: string): HeadName | undefined {
  if (Object.hasOwn(family.alsoHold, name)) return family.alsoHold[name];
  return (Object.keys(heads) as HeadName[]).find((head) => name === classOf(family, head));
}

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
  const scaled = config.roformer_js?.rope_parameters !== undefined;
  if (attention !== "softmax" || position !== family.position || scaled) return "roformer_js";
  return family === families.bert ? "bert" : "roformer";
}
