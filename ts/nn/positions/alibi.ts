import type { Position, PositionOptions } from "./position.js";

/**
 * Attention with linear biases (Press et al. 2022): a score falls by slope · |distance|, and each head has its slope. With causal
 * attention that is the paper's; without, distances count alike in both directions.
 */
export const alibi = ({ heads }: PositionOptions): Position => ({
  kind: "relative",
  slopes: alibiSlopes(heads),
});

/**
 * 2^(−8/n), 2^(−16/n), …, 2^(−8) for a power of two n; for other numbers of heads those of the next lower power, then every
 * second of the next higher one, as the authors' code has it (`get_slopes`).
 */
export function alibiSlopes(heads: number): Float32Array {
  const power = 2 ** (31 - Math.clz32(heads));
  const slope = (n: number, i: number) => 2 ** ((-8 * (i + 1)) / n);
  return Float32Array.from({ length: heads }, (_, i) =>
    i < power ? slope(power, i) : slope(2 * power, 2 * (i - power)),
  );
}
