/** Mean of values, and how far they scatter. */
export interface Moments {
  /** Number of values. */
  readonly n: number;
  /** Their mean. */
  readonly mean: number;
  /** Their standard deviation, with n − 1; undefined for a single value. */
  readonly deviation?: number | undefined;
}

/** Mean and standard deviation of values, in two passes. */
export function meanOf(values: readonly number[]): Moments {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  if (n < 2) return { n, mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { n, mean, deviation: Math.sqrt(squares / (n - 1)) };
}
