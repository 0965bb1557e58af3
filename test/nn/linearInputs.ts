import { type AttentionName, attentions, SequenceBatch } from "../../ts/nn/index.js";

/** The linear attentions. */
export const LINEAR = Object.keys(attentions).filter((name) => name !== "softmax") as AttentionName[];

/** Numbers that any language has. */
export function randomValues(seed: number, factor: number, n: number): number[] {
  let state = seed;
  return Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return factor * ((state >>> 8) / 2 ** 23 - 1);
  });
}

/** Sequences end to end, whose positions count from 0 each. */
export const sequences = (offsets: number[]) => {
  const lengths = offsets.slice(1).map((end, b) => end - offsets[b]!);
  return new SequenceBatch({
    offsets: Int32Array.from(offsets),
    positions: Int32Array.from(lengths.flatMap((length) => [...Array(length).keys()])),
  });
};
