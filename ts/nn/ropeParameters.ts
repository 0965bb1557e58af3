/** Fields that every type of {@link RopeParametersInput} has; fields of other names are kept and mean nothing. */
export interface RopeBase {
  /** Base b of the frequencies b^(−2i/d); 10,000 unless given (RoFormer, eq. 15). */
  readonly rope_theta?: number | undefined;
  /** Share of each head's numbers that is turned, above 0 and at most 1; 1 unless given. */
  readonly partial_rotary_factor?: number | undefined;
  readonly [field: string]: unknown;
}

/** Positions as they are. */
export interface DefaultRope extends RopeBase {
  /** The way's name. */
  readonly rope_type: "default";
}

/** Position interpolation (Chen et al. 2023): frequencies divided by the factor. */
export interface LinearRope extends RopeBase {
  /** The way's name. */
  readonly rope_type: "linear";
  /** How many times longer sequences may be, s ≥ 1. */
  readonly factor: number;
}

/**
 * Dynamic NTK: from L₀ = `max_position_embeddings` tokens on the base is b · (s · L / L₀ − (s − 1))^(d / (d − 2)) for a sequence of L
 * tokens.
 */
export interface DynamicRope extends RopeBase {
  /** The way's name. */
  readonly rope_type: "dynamic";
  /** s ≥ 1. */
  readonly factor: number;
}

/** YaRN (Peng et al. 2023): fast pairs as they are, slow ones interpolated, a ramp between. */
export interface YarnRope extends RopeBase {
  /** The way's name. */
  readonly rope_type: "yarn";
  /** How many times longer sequences may be, s ≥ 1. Default: `max_position_embeddings` / L₀. */
  readonly factor?: number | null | undefined;
  /** Tokens that the model was first trained with, L₀. Default: `max_position_embeddings`. */
  readonly original_max_position_embeddings?: number | null | undefined;
  /** Turns in L₀ tokens from which on a pair counts as fast. Default: 32. */
  readonly beta_fast?: number | null | undefined;
  /** Turns in L₀ tokens below which a pair counts as slow. Default: 1. */
  readonly beta_slow?: number | null | undefined;
  /** Whether the ends of the ramp are rounded to whole pairs; null: no. Default: true. */
  readonly truncate?: boolean | null | undefined;
  /** What sines and cosines are multiplied by. Default: what the `mscale`s say, else 0.1 · ln s + 1. */
  readonly attention_factor?: number | null | undefined;
  /** m: with `mscale_all_dim` n, the attention factor is (0.1 · m · ln s + 1) / (0.1 · n · ln s + 1). 0 counts as absent. */
  readonly mscale?: number | null | undefined;
  /** n: see `mscale`. */
  readonly mscale_all_dim?: number | null | undefined;
}

/** LongRoPE (Ding et al. 2024): a searched factor for each pair, other ones for long sequences. */
export interface LongRope extends RopeBase {
  /** The way's name. */
  readonly rope_type: "longrope";
  /** What the frequencies of sequences of at most L₀ tokens are divided by, `[d / 2]`. */
  readonly short_factor: number[];
  /** The same for longer sequences, `[d / 2]`. */
  readonly long_factor: number[];
  /**
   * How many times longer sequences may be, s ≥ 1. Counts only without `original_max_position_embeddings`: with it, s is
   * `max_position_embeddings` / L₀, as in transformers 4.57.6 (5.24.0 takes `factor` first). Default: 1.
   */
  readonly factor?: number | null | undefined;
  /** Tokens that the model was first trained with, L₀. Default: `max_position_embeddings`. */
  readonly original_max_position_embeddings?: number | null | undefined;
  /** What sines and cosines are multiplied by. Default: √(1 + ln s / ln L₀), or 1 for s ≤ 1. */
  readonly attention_factor?: number | null | undefined;
}

/** Llama 3.1's: pairs that turn slowly are interpolated, those that turn fast are not. */
export interface Llama3Rope extends RopeBase {
  /** The way's name. */
  readonly rope_type: "llama3";
  /** s ≥ 1: pairs whose wavelength is above L₀ / `low_freq_factor` have their frequencies divided by it. */
  readonly factor: number;
  /** Turns in L₀ tokens below which a pair counts as slow. */
  readonly low_freq_factor: number;
  /** Turns in L₀ tokens above which a pair stays as it is. */
  readonly high_freq_factor: number;
  /** Tokens that the model was first trained with, L₀. Default: `max_position_embeddings`. */
  readonly original_max_position_embeddings?: number | null | undefined;
}

/** The whole head's frequencies for the first `partial_rotary_factor` of its pairs, and 0 for the others. */
export interface ProportionalRope extends RopeBase {
  /** The way's name. */
  readonly rope_type: "proportional";
  /** What frequencies are divided by, s ≥ 1; 1 unless given. */
  readonly factor?: number | undefined;
}

/** The parameters of each way to scale rotary positions, by Hugging Face's name of it (`modeling_rope_utils.py`). */
export interface RopeParametersByType {
  /** Not scaled. */
  default: DefaultRope;
  /** Position interpolation. */
  linear: LinearRope;
  /** Dynamic NTK. */
  dynamic: DynamicRope;
  /** YaRN. */
  yarn: YarnRope;
  /** LongRoPE. */
  longrope: LongRope;
  /** Llama 3.1's. */
  llama3: Llama3Rope;
  /** A share of the whole head's frequencies. */
  proportional: ProportionalRope;
}

/** A way to scale rotary positions (`rope_type`). */
export type RopeType = keyof RopeParametersByType;

/** Checked parameters of one type, or of any: every field that has a default of its own is there. */
export type RopeParameters<T extends RopeType = RopeType> = {
  [K in T]: RopeParametersByType[K] &
    Required<Pick<RopeBase, "rope_theta" | "partial_rotary_factor">> &
    (K extends "yarn"
      ? {
          /** See {@link YarnRope}. */
          readonly beta_fast: number;
          /** See {@link YarnRope}. */
          readonly beta_slow: number;
          /** See {@link YarnRope}. */
          readonly truncate: boolean | null;
        }
      : K extends "proportional"
        ? Required<Pick<ProportionalRope, "factor">>
        : unknown);
}[T];

/** Positions as they are, where no way is named. */
export interface UnnamedRope {
  /** Absent. */
  readonly rope_type?: undefined;
  /** Base b of the frequencies b^(−2i/d); 10,000 unless given (RoFormer, eq. 15). */
  readonly rope_theta?: number;
  /** Share of each head's numbers that is turned, above 0 and at most 1; 1 unless given. */
  readonly partial_rotary_factor?: number;
}

/** Hugging Face's `rope_parameters`, by `rope_type` ("default" unless given). Lengths count tokens. */
export type RopeParametersInput = RopeParametersByType[RopeType] | UnnamedRope;
