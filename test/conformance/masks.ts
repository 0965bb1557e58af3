import type { Mask } from "../../ts/nn/attentions/index.js";
import { SequenceBatch } from "../../ts/nn/packed.js";
import { random, tensorOf } from "./checks.js";
import type { AttentionProblem, Places } from "./references/attentions.js";

export const [HEADS, D] = [2, 4] as const;
export const C = HEADS * D;

/** B sequences end to end, which count from 0 each. */
export function placesOf(lengths: readonly number[]): Places {
  const offsets = [0];
  for (const length of lengths) offsets.push(offsets.at(-1)! + length);
  return { offsets, positions: lengths.flatMap((length) => Array.from({ length }, (_, t) => t)) };
}

/** The same in the engine's memory. */
export function batchOf(lengths: readonly number[]): SequenceBatch {
  const { offsets, positions } = placesOf(lengths);
  return new SequenceBatch({ offsets: Int32Array.from(offsets), positions: Int32Array.from(positions) });
}

/** What a query sees, for a batch of sequences of `lengths`. */
export interface MaskCase {
  readonly name: string;
  readonly lengths: readonly number[];
  /** Lengths of the keys' sequences, where they are not the queries'. */
  readonly keys?: readonly number[];
  readonly causal?: true;
  readonly window?: number;
  readonly prefix?: readonly number[];
  /** Heads of a bias: 1 for all, or all. */
  readonly biasHeads?: number;
}

/** Some sequences have one token, some none. */
const lengths = [2, 1, 0, 4];

/** What every attention must have. */
export const MASKS: readonly MaskCase[] = [
  { name: "no mask", lengths },
  { name: "causal", lengths, causal: true },
  { name: "other keys", lengths, keys: [2, 4, 1, 0] },
];

/** What needs scores. */
export const SCORE_MASKS: readonly MaskCase[] = [
  { name: "a window", lengths, window: 1 },
  { name: "a causal window", lengths, window: 2, causal: true },
  { name: "prefixes", lengths, prefix: [1, 0, 0, 3] },
  { name: "a bias", lengths, biasHeads: 1 },
  { name: "a causal bias by head", lengths, biasHeads: HEADS, causal: true },
  { name: "other keys, causal", lengths, keys: [2, 4, 1, 0], causal: true },
];

const biasOf = ({ lengths: queries, keys = queries, biasHeads }: MaskCase) => {
  if (biasHeads === undefined) return undefined;
  const shape = [biasHeads, Math.max(...queries), Math.max(...keys)];
  return {
    numbers: random(
      shape.reduce((a, b) => a * b, 1),
      20,
    ),
    shape,
  };
};

/** The mask as attention takes it. */
export function maskOf(given: MaskCase): Mask {
  const { keys, causal, window, prefix } = given;
  const bias = biasOf(given);
  return {
    ...(causal && { causal }),
    ...(window && { window }),
    ...(prefix && { prefix: Int32Array.from(prefix) }),
    ...(bias && { bias: tensorOf(bias.numbers, bias.shape) }),
    ...(keys && { keys: batchOf(keys) }),
  };
}

/** The mask as the reference takes it. */
export function problemOf(
  given: MaskCase,
): Pick<AttentionProblem, "queries" | "keys" | "causal" | "window" | "prefix" | "bias"> {
  const { lengths: queries, keys = queries, causal, window, prefix } = given;
  return { queries: placesOf(queries), keys: placesOf(keys), causal, window, prefix, bias: biasOf(given) };
}
