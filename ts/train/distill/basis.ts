/** Directions that rows of `from` numbers are projected onto, so that `to` are left. */
export interface Basis {
  readonly from: number;
  readonly to: number;
  /** `[from, to]`: its columns are orthogonal and of length 1. */
  readonly directions: Float64Array;
  /** Rows `[R, from]` as `[R, to]`. */
  project(rows: ArrayLike<number>): Float32Array;
}

/** A basis of given directions, `[from, to]`. */
function basisOf(directions: Float64Array, from: number, to: number): Basis {
  return {
    ...{ from, to, directions },
    project(rows) {
      const count = rows.length / from;
      const made = new Float32Array(count * to);
      const row = new Float64Array(to);
      for (let r = 0; r < count; r++) {
        row.fill(0);
        for (let i = 0; i < from; i++) {
          const x = rows[r * from + i]!;
          for (let j = 0; j < to; j++) row[j]! += x * directions[i * to + j]!;
        }
        made.set(row, r * to);
      }
      return made;
    },
  };
}

/** Sums of products of all pairs of columns of some rows: what {@link principalBasis} takes. */
export class Moments {
  readonly width: number;
  readonly sums: Float64Array;

  constructor(width: number) {
    this.width = width;
    this.sums = new Float64Array(width * width);
  }

  /** Counts rows, `[R, width]`. */
  add(rows: ArrayLike<number>): void {
    const { width, sums } = this;
    for (let at = 0; at < rows.length; at += width)
      for (let i = 0; i < width; i++) {
        const x = rows[at + i]!;
        for (let j = i; j < width; j++) sums[i * width + j]! += x * rows[at + j]!;
      }
  }
}

/**
 * The `to` directions in which rows are largest: eigenvectors of their second moments, found by Jacobi's rotations. No other projection
 * onto as many numbers keeps more of the rows' products, and so of their cosines.
 */
export function principalBasis({ width: n, sums }: Moments, to: number): Basis {
  const matrix = Float64Array.from(sums, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return i <= j ? sums[at]! : sums[j * n + i]!;
  });
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1; // row k is the k-th eigenvector
  for (let sweep = 0; sweep < SWEEPS && rotateAll(matrix, vectors, n); sweep++);
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => matrix[b * n + b]! - matrix[a * n + a]!);
  const directions = new Float64Array(n * to);
  for (let j = 0; j < to; j++) for (let i = 0; i < n; i++) directions[i * to + j] = vectors[order[j]! * n + i]!;
  return basisOf(directions, n, to);
}

/** Sweeps over all pairs, at most; and what counts as 0 beside the trace. */
const [SWEEPS, SMALL] = [12, 1e-12];

/** One sweep of Jacobi's rotations; whether there was anything to turn. */
function rotateAll(matrix: Float64Array, vectors: Float64Array, n: number): boolean {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += Math.abs(matrix[i * n + i]!);
  let isTurned = false;
  for (let p = 0; p < n - 1; p++)
    for (let q = p + 1; q < n; q++) {
      const off = matrix[p * n + q]!;
      if (Math.abs(off) <= SMALL * trace) continue;
      isTurned = true;
      const theta = (matrix[q * n + q]! - matrix[p * n + p]!) / (2 * off);
      const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
      const c = 1 / Math.sqrt(t * t + 1);
      turn(matrix, n, [p, q], [c, t * c]);
      for (let k = 0; k < n; k++) {
        const [a, b] = [vectors[p * n + k]!, vectors[q * n + k]!];
        vectors[p * n + k] = c * a - t * c * b;
        vectors[q * n + k] = t * c * a + c * b;
      }
    }
  return isTurned;
}

/** A symmetric matrix in turned coordinates: its rows first, then its columns. */
function turn(matrix: Float64Array, n: number, [p, q]: [number, number], [c, s]: [number, number]): void {
  for (let k = 0; k < n; k++) {
    const [a, b] = [matrix[p * n + k]!, matrix[q * n + k]!];
    matrix[p * n + k] = c * a - s * b;
    matrix[q * n + k] = s * a + c * b;
  }
  for (let k = 0; k < n; k++) {
    const [a, b] = [matrix[k * n + p]!, matrix[k * n + q]!];
    matrix[k * n + p] = c * a - s * b;
    matrix[k * n + q] = s * a + c * b;
  }
}
