import * as v from "valibot";
import { ConfigError } from "../errors.js";
import { type AttentionName, attentions, ROTATIONS } from "../nn/attentions/index.js";
import { SUMMARY_TYPES } from "../nn/heads/summary.js";
import { type PositionName, positions } from "../nn/positions/index.js";
import { ropeParametersSchema } from "../nn/ropeSchema.js";
import type { Same } from "../nn/same.js";
import { type ActivationName, activations } from "../ops/activation.js";
import type { RoFormerConfig, RoFormerConfigInput } from "./configFields.js";
import { misspelt } from "./misspelt.js";
import { rotaryConflict, withRopeParameters } from "./rotarySettings.js";

export type { RoFormerConfig, RoFormerConfigInput, RoFormerExtension, RoFormerExtensionInput } from "./configFields.js";

/** A whole number within bounds; the message is completed by {@link problem}. */
const whole = (least: number, most: number) =>
  v.pipe(
    v.number(`a whole number from ${least} to ${most}`),
    v.integer(`a whole number from ${least} to ${most}`),
    v.minValue(least, `a whole number from ${least} to ${most}`),
    v.maxValue(most, `a whole number from ${least} to ${most}`),
  );
const probability = v.pipe(
  v.number("a number from 0 to 1"),
  v.minValue(0, "a number from 0 to 1"),
  v.maxValue(1, "a number from 0 to 1"),
);
const flag = v.boolean("true or false");
const positive = v.pipe(
  v.number("a positive number"),
  v.finite("a positive number"),
  v.gtValue(0, "a positive number"),
);
const oneOf = <T extends string>(names: readonly T[]) => v.picklist(names, `one of ${names.join(", ")}`);
/** An object whose values are all `fits`. Not valibot's `record`, which drops a label that is called "constructor". */
const recordOf = <T>(fits: (value: unknown) => boolean, want: string) =>
  v.custom<Record<string, T>>(
    (value) => typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(fits),
    want,
  );
const activation = oneOf(Object.keys(activations) as ActivationName[]);
const id = v.nullish(v.union([whole(-1, 2 ** 31 - 1), v.array(whole(-1, 2 ** 31 - 1))], "an id"), null);

const problemTypes = ["regression", "single_label_classification", "multi_label_classification"] as const;

/** What Hugging Face's classes do not know. */
const extension = v.looseObject(
  {
    position: v.optional(oneOf(Object.keys(positions) as PositionName[])),
    attention: v.optional(oneOf(Object.keys(attentions) as AttentionName[])),
    rope_parameters: v.optional(ropeParametersSchema),
    rotation: v.optional(oneOf(ROTATIONS)),
    num_random_features: v.optional(whole(1, 65_536)),
    kernel_epsilon: v.optional(
      v.pipe(v.number("a number ≥ 0"), v.finite("a number ≥ 0"), v.minValue(0, "a number ≥ 0")),
    ),
  },
  "an object",
);

const modelTypes = ["roformer", "roformer_js", "bert"] as const;

/** Hugging Face's fields of RoFormerConfig and BertConfig, with its defaults. */
const fields = {
  model_type: v.optional(oneOf(modelTypes), "roformer"),
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
  initializer_range: v.optional(positive, 0.02),
  layer_norm_eps: v.optional(
    v.pipe(v.number("a number ≥ 0"), v.finite("a number ≥ 0"), v.minValue(0, "a number ≥ 0")),
    1e-12,
  ),
  pad_token_id: v.optional(v.nullable(whole(-1, 2 ** 31 - 1)), 0),
  bos_token_id: id,
  eos_token_id: id,
  rotary_value: v.optional(flag, false),
  is_decoder: v.optional(flag, false),
  add_cross_attention: v.optional(flag, false),
  use_cache: v.optional(flag, true),
  tie_word_embeddings: v.optional(flag, true),
  num_labels: v.optional(whole(1, 1_000_000)),
  id2label: v.nullish(recordOf<string>((name) => typeof name === "string", "names by id")),
  label2id: v.nullish(recordOf<number>((at) => typeof at === "number", "ids by name")),
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

const schema = v.looseObject(fields, "an object");

/** What the schema infers has to be what is documented. */
type Input = Same<RoFormerConfigInput, v.InferInput<typeof schema>>;
type Output = Same<RoFormerConfig, v.InferOutput<typeof schema>>;

/** Where BertConfig's defaults are not RoFormerConfig's. */
const bertDefaults = { vocab_size: 30_522, max_position_embeddings: 512 };

/** Checks a configuration; `where` names it in errors, as in "config.json". Errors: ConfigError that names the field. */
export function parseConfig(value: unknown, where = "config"): RoFormerConfig {
  // valibot takes a list for an object.
  if (Array.isArray((value as Input | null)?.roformer_js)) {
    throw new ConfigError(`${where}: roformer_js is a list, not an object`);
  }
  const bert = (value as Input | null)?.model_type === "bert";
  const result = v.safeParse(schema, withRopeParameters(bert ? { ...bertDefaults, ...(value as object) } : value));
  if (!result.success) throw new ConfigError(problem(where, result.issues[0]));
  const config: Output = result.output;
  const wrong = misspelt(Object.keys(value as object), Object.keys(fields));
  if (wrong) throw new ConfigError(`${where}: ${wrong.got} is no field of a model; ${wrong.meant} is`);
  const heads = config.num_attention_heads;
  if (config.hidden_size % heads !== 0) {
    throw new ConfigError(
      `${where}: hidden_size ${config.hidden_size} is not a multiple of num_attention_heads ${heads}`,
    );
  }
  if (config.pad_token_id !== null && config.pad_token_id >= config.vocab_size) {
    throw new ConfigError(
      `${where}: pad_token_id is ${config.pad_token_id}, not below vocab_size ${config.vocab_size}`,
    );
  }
  const { id2label, num_labels = Object.keys(id2label ?? {}).length } = config;
  const unnamed = Array.from({ length: num_labels }, (_, i) => i).find((i) => id2label && !Object.hasOwn(id2label, i));
  if (unnamed !== undefined && config.num_labels === undefined) {
    throw new ConfigError(`${where}: id2label names ${num_labels} classes, but not class ${unnamed}`);
  }
  if (config.add_cross_attention && !config.is_decoder) {
    throw new ConfigError(`${where}: add_cross_attention needs is_decoder`);
  }
  if (config.model_type === "bert") checkBert(config, where);
  const rotary = rotaryConflict(config);
  if (rotary) throw new ConfigError(`${where}: ${rotary}`);
  return config;
}

/** Refuses what Hugging Face's BERT does not have: another model by that name would be read as garbage. */
function checkBert(config: RoFormerConfig, where: string): void {
  const { position = "learned", attention = "softmax" } = config.roformer_js ?? {};
  const { embedding_size, hidden_size, rotary_value } = config;
  const wrong =
    position !== "learned" || attention !== "softmax"
      ? `roformer_js names position ${position} and attention ${attention}`
      : (embedding_size ?? hidden_size) !== hidden_size
        ? `embedding_size ${embedding_size} is not hidden_size ${hidden_size}`
        : rotary_value && "rotary_value is true";
  if (wrong) throw new ConfigError(`${where}: ${wrong}, which model_type bert does not have; roformer_js does`);
}

/** One line: which field, what it is, what it should be. */
function problem(where: string, issue: { readonly input: unknown; readonly message: string }): string {
  const path = v.getDotPath(issue as Parameters<typeof v.getDotPath>[0]);
  const got = issue.input === undefined ? "missing" : shown(issue.input);
  return path ? `${where}: ${path} is ${got}, not ${issue.message}` : `${where} is ${got}, not ${issue.message}`;
}

function shown(value: unknown): string {
  const text = typeof value === "object" || typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.slice(0, 60);
}

/** Number of classes: what `num_labels` says, else the names of the classes, else 2. */
export const numLabels = (config: RoFormerConfig): number =>
  config.num_labels ?? (config.id2label ? Object.keys(config.id2label).length : 2);

/** Names of the classes in order of their ids; `LABEL_0`, … where the configuration has none. */
export function labelNames(config: RoFormerConfig): string[] {
  return Array.from({ length: numLabels(config) }, (_, i) => config.id2label?.[i] ?? `LABEL_${i}`);
}
