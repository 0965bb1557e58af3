import { ConfigError } from "../errors.js";
import type { RopeParameters, RopeType } from "./ropeParameters.js";

/** What frequencies are made for. */
export interface RopeLengths {
  /** Numbers a head, D. */
  readonly headSize: number;
  /** Tokens that the model was made for (`max_position_embeddings`). */
  readonly maxPositionEmbeddings: number;
  /** Tokens of the sequence at hand; undefined: no more than the model was made for. */
  readonly sequenceLength: number | undefined;
}

/** Radians a position for each pair of numbers, and what sines and cosines are multiplied by. */
export interface RopeFrequencies {
  /** Radians a position, `[d / 2]` for d turned numbers a head. */
  readonly inverseFrequencies: number[];
  /** What sines and cosines are multiplied by, so that scores get its square; 1 without scaling. */
  readonly attentionFactor: number;
}

type Scaling<T extends RopeType> = (parameters: RopeParameters<T>, lengths: RopeLengths) => RopeFrequencies;

/** Numbers of a head that are turned, d: an even one, or there is a {@link ropeProblem}. */
export const rotarySize = ({ partial_rotary_factor }: RopeParameters, headSize: number): number =>
  Math.trunc(headSize * partial_rotary_factor);

/** What of `parameters` does not fit heads of `headSize` numbers, in words that begin with the field's name. */
export function ropeProblem(parameters: RopeParameters, headSize: number): string | undefined {
  const { rope_type: type, partial_rotary_factor: share } = parameters;
  if (type === "proportional") return undefined;
  const size = rotarySize(parameters, headSize);
  if (size < 2 || size % 2 !== 0) {
    return `partial_rotary_factor is ${share}, which turns ${size} of ${headSize} numbers a head, not an even number from 2`;
  }
  if (type !== "longrope") return undefined;
  const field = (["short_factor", "long_factor"] as const).find((name) => parameters[name].length !== size / 2);
  return field && `${field} has ${parameters[field].length} numbers, not ${size / 2}, one for each pair that is turned`;
}

/** b^(−2i/d), i = 0 … d/2 − 1 (RoFormer, eq. 15). */
const plain = (theta: number, size: number): number[] =>
  Array.from({ length: size / 2 }, (_, i) => theta ** ((-2 * i) / size));

const unscaled = (inverseFrequencies: number[]): RopeFrequencies => ({ inverseFrequencies, attentionFactor: 1 });

const standard: Scaling<"default"> = (parameters, { headSize }) =>
  unscaled(plain(parameters.rope_theta, rotarySize(parameters, headSize)));

/** Position interpolation (Chen et al. 2023): positions divided by the factor. */
const linear: Scaling<"linear"> = (parameters, { headSize }) =>
  unscaled(plain(parameters.rope_theta, rotarySize(parameters, headSize)).map((f) => f / parameters.factor));

/** Dynamic NTK: the base grows with the sequence, once it is longer than the model was made for. */
const dynamic: Scaling<"dynamic"> = (parameters, { headSize, maxPositionEmbeddings: original, sequenceLength = 0 }) => {
  const { factor, rope_theta } = parameters;
  const size = rotarySize(parameters, headSize);
  if (size === 2) return unscaled([1]);
  const length = Math.max(sequenceLength, original);
  const growth = (factor * length) / original - (factor - 1);
  return unscaled(plain(rope_theta * growth ** (size / (size - 2)), size));
};

/** YaRN (Peng et al. 2023): fast pairs as they are, slow ones interpolated, a ramp between. */
const yarn: Scaling<"yarn"> = (parameters, { headSize, maxPositionEmbeddings }) => {
  const { rope_theta, beta_fast, beta_slow, truncate } = parameters;
  const original = parameters.original_max_position_embeddings ?? maxPositionEmbeddings;
  const factor = parameters.factor ?? maxPositionEmbeddings / original;
  const size = rotarySize(parameters, headSize);
  const pairAt = (turns: number) => (size * Math.log(original / (2 * Math.PI * turns))) / (2 * Math.log(rope_theta));
  const rounded = truncate ? [Math.floor(pairAt(beta_fast)), Math.ceil(pairAt(beta_slow))] : undefined;
  const low = Math.max(rounded?.[0] ?? pairAt(beta_fast), 0);
  const end = Math.min(rounded?.[1] ?? pairAt(beta_slow), size - 1);
  const high = low === end ? end + 0.001 : end;
  const inverseFrequencies = plain(rope_theta, size).map((frequency, i) => {
    const ramp = Math.min(1, Math.max(0, (i - low) / (high - low)));
    return (frequency / factor) * ramp + frequency * (1 - ramp);
  });
  return { inverseFrequencies, attentionFactor: parameters.attention_factor ?? yarnFactor(factor, parameters) };
};

function yarnFactor(factor: number, { mscale, mscale_all_dim }: RopeParameters<"yarn">): number {
  const scale = (mscale: number) => (factor <= 1 ? 1 : 0.1 * mscale * Math.log(factor) + 1);
  return mscale && mscale_all_dim ? scale(mscale) / scale(mscale_all_dim) : scale(1);
}

/** LongRoPE (Ding et al. 2024): a searched factor for each pair, other ones for long sequences. */
const longrope: Scaling<"longrope"> = (parameters, { headSize, maxPositionEmbeddings, sequenceLength = 0 }) => {
  const given = parameters.original_max_position_embeddings ?? undefined;
  const original = given ?? maxPositionEmbeddings;
  const factors = parameters[sequenceLength > original ? "long_factor" : "short_factor"];
  // Of two settings that say the same, the lengths win.
  const factor = given === undefined ? (parameters.factor ?? 1) : maxPositionEmbeddings / given;
  const attention = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(original));
  const whole = plain(parameters.rope_theta, rotarySize(parameters, headSize));
  return {
    inverseFrequencies: whole.map((frequency, i) => frequency / factors[i]!),
    attentionFactor: parameters.attention_factor ?? attention,
  };
};

/** Llama 3.1: pairs that turn slowly are interpolated, those that turn fast are not. */
const llama3: Scaling<"llama3"> = (parameters, { headSize, maxPositionEmbeddings }) => {
  const { factor, low_freq_factor: low, high_freq_factor: high } = parameters;
  const original = parameters.original_max_position_embeddings ?? maxPositionEmbeddings;
  const scaled = (frequency: number) => {
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < original / high) return frequency;
    if (wavelength > original / low) return frequency / factor;
    const smooth = (original / wavelength - low) / (high - low);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  };
  return unscaled(plain(parameters.rope_theta, rotarySize(parameters, headSize)).map(scaled));
};

/** The whole head's frequencies for the first pairs, and none for the others. */
const proportional: Scaling<"proportional"> = (parameters, { headSize }) => {
  const turned = Math.trunc((parameters.partial_rotary_factor * headSize) / 2);
  const whole = plain(parameters.rope_theta, headSize);
  return unscaled(whole.map((frequency, i) => (i < turned ? frequency / parameters.factor : 0)));
};

const scalings = { default: standard, linear, dynamic, yarn, longrope, llama3, proportional } as {
  [K in RopeType]: Scaling<K>;
};

/**
 * Frequencies by Hugging Face's formulas (`modeling_rope_utils.py` of transformers 4.57.6), in f64. Errors: ConfigError for a
 * {@link ropeProblem}.
 */
export function ropeFrequencies(parameters: RopeParameters, lengths: RopeLengths): RopeFrequencies {
  const problem = ropeProblem(parameters, lengths.headSize);
  if (problem) throw new ConfigError(`rope_parameters: ${problem}`);
  return (scalings[parameters.rope_type] as Scaling<RopeType>)(parameters, lengths);
}

/**
 * What of a sequence's length the angles depend on: sequences with equal results have the same angles. Most ways depend on
 * nothing of it.
 */
export function lengthClass(parameters: RopeParameters, maxPositionEmbeddings: number, length: number): number {
  if (parameters.rope_type === "dynamic") return length <= maxPositionEmbeddings ? 0 : length;
  if (parameters.rope_type !== "longrope") return 0;
  const original = parameters.original_max_position_embeddings ?? maxPositionEmbeddings;
  return length <= original ? 0 : original + 1;
}
