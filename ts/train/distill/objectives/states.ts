import type { Basis } from "../basis.js";
import type { TokenTargets } from "../losses.js";
import { commonPlaces, type Reading } from "../readings.js";

/** The teacher's states of the tokens of a text that both models have, `[tokens, W]`, out of all states of a batch, `[N, C]`. */
export function commonStates(
  states: Float32Array,
  reading: Reading,
  { offset, width, basis }: { readonly offset: number; readonly width: number; readonly basis: Basis | undefined },
): Float32Array {
  const places = commonPlaces(reading);
  const chosen = new Float32Array(places.length * width);
  for (const [i, [place]] of places.entries())
    chosen.set(states.subarray((offset + place) * width, (offset + place + 1) * width), i * width);
  return basis ? basis.project(chosen) : chosen;
}

/** The same tokens as rows of the student's batch. `first`: where each text's record has them. */
export function tokenTargets(
  readings: readonly Reading[],
  offsets: ArrayLike<number>,
  statesOf: (text: number) => Float32Array,
): TokenTargets[] {
  return readings.map((reading, i) => ({
    rows: commonPlaces(reading).map(([, place]) => offsets[i]! + place),
    states: statesOf(i),
  }));
}
