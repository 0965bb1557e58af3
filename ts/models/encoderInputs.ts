import { ConfigError, ShapeError } from "../errors.js";
import type { EncoderStates } from "../nn/blocks/crossAttention.js";
import { SequenceBatch, type Sequences } from "../nn/packed.js";
import { tensor } from "../tensor/tensor.js";
import type { RoFormerConfig } from "./config.js";
import { checkNumbers, isList, keptCells, kind, type ModelInputs } from "./inputs.js";

/** An encoder's states without padding. */
export interface PackedStates {
  /** The states of all sequences end to end, `[S, C]`, row-major. */
  readonly states: Float32Array;
  /** Where they begin and end: as many sequences as the decoder has. */
  readonly sequences: Sequences;
}

/** The encoder's states among the inputs of `B` sequences; undefined if there are none. */
export function packStates(inputs: ModelInputs, B: number, config: RoFormerConfig): PackedStates | undefined {
  const { encoderHiddenStates: given, encoderAttentionMask: mask } = inputs;
  if (!given) return undefined;
  if (!config.add_cross_attention)
    throw new ConfigError("encoderHiddenStates mean nothing to a model without add_cross_attention");
  const C = config.hidden_size;
  const shape = isList(given.shape) ? Array.from(given.shape) : [];
  const S = shape[1] ?? 0;
  if (shape.length !== 3 || shape[0] !== B || shape[2] !== C)
    throw new ShapeError("encoderHiddenStates", shape.length > 0 ? shape : kind(given), `[B, S, C] = [${B}, S, ${C}]`);
  if (given.data.length !== B * S * C)
    throw new ShapeError("encoderHiddenStates: data", given.data.length, `${B * S * C} numbers`);
  const data = Float32Array.from(given.data); // a plain list is as good
  if (mask) checkNumbers("encoderAttentionMask", mask, B, S);
  const { cells, offsets } = keptCells(B, S, mask);
  const states = new Float32Array(cells.length * C);
  for (const [row, cell] of cells.entries()) states.set(data.subarray(cell * C, (cell + 1) * C), row * C);
  return { states, sequences: { offsets, positions: cells.map((cell) => cell % S) } };
}

/** The states in the engine's memory: they live as long as the scope around. */
export function encoderStates({ states, sequences }: PackedStates, width: number): EncoderStates {
  return { states: tensor(states, [states.length / width, width]), batch: new SequenceBatch(sequences) };
}
