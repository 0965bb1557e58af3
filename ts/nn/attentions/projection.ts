import type { Philox } from "../../random/philox.js";

/**
 * Orthogonal random features (Choromanski et al. 2021, §3.1), `[M, D]`: rows of D × D orthogonal blocks, uniformly distributed,
 * each scaled to the length of a fresh Gaussian row. The same seed and index give the same numbers.
 *
 * Gram and Schmidt's way keeps the diagonal of R positive: with the signs that a library's QR leaves, rows are not uniformly
 * distributed, and kernels are estimated wrongly.
 */
export function orthogonalFeatures(M: number, D: number, random: Philox): Float32Array {
  const rows: number[][] = [];
  while (rows.length < M) rows.push(...orthogonalRows(Math.min(D, M - rows.length), D, random));
  const numbers = rows.map((row) => {
    const length = Math.hypot(...Array.from({ length: D }, () => gaussian(random)));
    return row.map((x) => x * length);
  });
  return Float32Array.from(numbers.flat());
}

/** `count` ≤ D orthonormal rows. */
function orthogonalRows(count: number, D: number, random: Philox): number[][] {
  const rows: number[][] = [];
  while (rows.length < count) {
    const row = Array.from({ length: D }, () => gaussian(random));
    // Twice: after the first time, rounding may leave a little of what was taken off.
    for (const other of [...rows, ...rows]) {
      const shared = row.reduce((sum, x, i) => sum + x * other[i]!, 0);
      for (let i = 0; i < D; i++) row[i] = row[i]! - shared * other[i]!;
    }
    const length = Math.hypot(...row);
    rows.push(row.map((x) => x / length));
  }
  return rows;
}

/** A draw from N(0, 1) (Box and Muller 1958). */
function gaussian(random: Philox): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
  return radius * Math.cos(2 * Math.PI * random.uniform());
}
