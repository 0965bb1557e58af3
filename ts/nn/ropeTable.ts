import * as v from "valibot";
import { ConfigError } from "../errors.js";
import { checkOptions, type Names } from "../options.js";
import type { RopeParameters, RopeParametersInput } from "./ropeParameters.js";
import { type RopeFrequencies, ropeFrequencies, ropeProblem } from "./ropeScaling.js";
import { ropeParametersSchema } from "./ropeSchema.js";

/** What a table of rotations is made from. */
export interface RopeTableOptions {
  /** Numbers a head, D; even. */
  readonly headSize: number;
  /** The positions of the rows, P of them. */
  readonly positions: readonly number[];
  /**
   * Base, scaling and share of the head, as Hugging Face names them.
   * @default base 10000 without scaling
   */
  readonly ropeParameters?: RopeParametersInput | undefined;
  /**
   * Tokens that the model was made for, which some scalings want.
   * @default 2048
   */
  readonly maxPositionEmbeddings?: number | undefined;
  /**
   * Tokens of the sequence at hand, on which "dynamic" and "longrope" depend; no more than the model was made for unless given.
   */
  readonly sequenceLength?: number | null | undefined;
}

const TABLE: Names<RopeTableOptions> = {
  ...{ headSize: true, positions: true, ropeParameters: true },
  ...{ maxPositionEmbeddings: true, sequenceLength: true },
};

/** Sines and cosines of angles by position, for d turned numbers a head. */
export interface RopeTable extends RopeFrequencies {
  /** Cosines times the attention factor, `[P, d / 2]`, row by row. */
  readonly cos: Float32Array;
  /** Sines times the attention factor, `[P, d / 2]`, row by row. */
  readonly sin: Float32Array;
}

/**
 * Sines and cosines of position · inverse frequency, θ^(−2i/D) unless scaled, computed in f64 and rounded once (RoFormer,
 * eq. 15; the scalings are those of Hugging Face's `rope_parameters`). Errors: ConfigError for an odd size or a wrong
 * parameter.
 */
export function ropeTable(options: RopeTableOptions): RopeTable {
  checkOptions("ropeTable", options, TABLE);
  const { headSize, positions, ropeParameters = {}, maxPositionEmbeddings = 2048, sequenceLength } = options;
  if (!Number.isInteger(headSize) || headSize % 2 !== 0 || headSize < 2)
    throw new ConfigError(`ropeTable: headSize is ${headSize}, not an even number from 2`);
  const parameters = parsedParameters(ropeParameters);
  const problem = ropeProblem(parameters, headSize);
  if (problem) throw new ConfigError(`ropeTable: ropeParameters.${problem}`);
  const lengths = { headSize, maxPositionEmbeddings, sequenceLength: sequenceLength ?? undefined };
  const frequencies = ropeFrequencies(parameters, lengths);
  return { ...frequencies, ...turns(positions, frequencies) };
}

function parsedParameters(input: RopeParametersInput): RopeParameters {
  const result = v.safeParse(ropeParametersSchema, input);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const field = v.getDotPath(issue as Parameters<typeof v.getDotPath>[0]);
  throw new ConfigError(
    `ropeTable: ropeParameters${field ? `.${field}` : ""} is ${String(issue.input)}, not ${issue.message}`,
  );
}

/** Sine and cosine of every position's angles, row by row. */
export function turns(
  positions: ArrayLike<number>,
  { inverseFrequencies, attentionFactor }: RopeFrequencies,
): { cos: Float32Array; sin: Float32Array } {
  const pairs = inverseFrequencies.length;
  const cos = new Float32Array(positions.length * pairs);
  const sin = new Float32Array(positions.length * pairs);
  for (let row = 0; row < positions.length; row++) {
    for (const [i, frequency] of inverseFrequencies.entries()) {
      cos[row * pairs + i] = Math.cos(positions[row]! * frequency) * attentionFactor;
      sin[row * pairs + i] = Math.sin(positions[row]! * frequency) * attentionFactor;
    }
  }
  return { cos, sin };
}
