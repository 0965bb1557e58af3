import * as v from "valibot";
import type { RopeParameters, RopeParametersByType, RopeParametersInput, RopeType } from "./ropeParameters.js";
import type { Same } from "./same.js";

const positive = v.pipe(
  v.number("a positive number"),
  v.finite("a positive number"),
  v.gtValue(0, "a positive number"),
);
const notNegative = v.pipe(v.number("a number ≥ 0"), v.finite("a number ≥ 0"), v.minValue(0, "a number ≥ 0"));
const factor = v.pipe(v.number("a number ≥ 1"), v.finite("a number ≥ 1"), v.minValue(1, "a number ≥ 1"));
const length = v.pipe(
  v.number("a positive whole number"),
  v.integer("a positive whole number"),
  v.minValue(1, "a positive whole number"),
);
const share = v.pipe(
  v.number("above 0, at most 1"),
  v.gtValue(0, "above 0, at most 1"),
  v.maxValue(1, "above 0, at most 1"),
);
const factors = v.pipe(v.array(positive, "a list of positive numbers"), v.minLength(1, "a list of positive numbers"));

/** Base of the frequencies, b, and the share of each head that is turned: every type has them. */
const common = { rope_theta: v.optional(positive, 10_000), partial_rotary_factor: v.optional(share, 1) };

const schemas = {
  default: v.looseObject({ rope_type: v.literal("default"), ...common }),
  linear: v.looseObject({ rope_type: v.literal("linear"), factor, ...common }),
  dynamic: v.looseObject({ rope_type: v.literal("dynamic"), factor, ...common }),
  yarn: v.looseObject({
    rope_type: v.literal("yarn"),
    factor: v.nullish(factor),
    original_max_position_embeddings: v.nullish(length),
    beta_fast: v.nullish(positive, 32),
    beta_slow: v.nullish(positive, 1),
    truncate: v.optional(v.nullable(v.boolean("true or false")), true),
    attention_factor: v.nullish(positive),
    mscale: v.nullish(notNegative),
    mscale_all_dim: v.nullish(notNegative),
    ...common,
  }),
  longrope: v.looseObject({
    rope_type: v.literal("longrope"),
    short_factor: factors,
    long_factor: factors,
    factor: v.nullish(factor),
    original_max_position_embeddings: v.nullish(length),
    attention_factor: v.nullish(positive),
    ...common,
  }),
  llama3: v.looseObject({
    rope_type: v.literal("llama3"),
    factor,
    low_freq_factor: positive,
    high_freq_factor: positive,
    original_max_position_embeddings: v.nullish(length),
    ...common,
  }),
  proportional: v.looseObject({ rope_type: v.literal("proportional"), factor: v.optional(factor, 1), ...common }),
} satisfies Record<RopeType, v.GenericSchema>;

/** What the schemas infer, which has to be what {@link RopeParametersInput} and {@link RopeParameters} say. */
type Inputs = { [K in RopeType]: v.InferInput<(typeof schemas)[K]> }[RopeType];
type Outputs = { [K in RopeType]: v.InferOutput<(typeof schemas)[K]> }[RopeType];

/** What the schema takes: one of the types, or none named. */
type Input = Same<RopeParametersByType[RopeType], Inputs> | RopeParametersInput;

/** Hugging Face's names of the ways. */
const ROPE_TYPES = Object.keys(schemas) as RopeType[];

/**
 * Hugging Face's `rope_parameters`, by `rope_type` (`type` is its old name, which counts without it), checked and complete.
 * Lengths count tokens. Default: "default".
 */
export const ropeParametersSchema = v.pipe(
  v.looseObject({}, "an object"),
  v.transform(({ type, rope_type, ...rest }: Record<string, unknown>) => ({
    rope_type: rope_type ?? type ?? "default",
    ...rest,
  })),
  v.variant("rope_type", Object.values(schemas) as never, `one of ${ROPE_TYPES.join(", ")}`),
) as unknown as v.GenericSchema<Input, Same<RopeParameters, Outputs>>;
