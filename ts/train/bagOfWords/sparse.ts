/** Rows of which most columns are 0: row i has `values[j]` in `columns[j]` for j from `starts[i]` to `starts[i + 1]`. */
export interface SparseRows {
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float32Array;
}

/** Awaited now and then by long work: it lets others run, and throws where the work was aborted. */
export type Breath = () => Promise<void>;

/** Multiplications between two breaths. */
const CHUNK = 2 ** 18;

/** Rows in runs that take a moment each: `visit` gets the first and the end. */
async function inRuns(
  { starts }: SparseRows,
  width: number,
  breath: Breath,
  visit: (from: number, to: number) => void,
): Promise<void> {
  const rows = starts.length - 1;
  for (let from = 0; from < rows; ) {
    let to = from + 1;
    while (to < rows && (starts[to]! - starts[from]! + to - from) * width < CHUNK) to++;
    visit(from, to);
    await breath();
    from = to;
  }
}

/** `out[i, k] = Σ_c rows[i, c] · weights[c, k] + bias[k]`, where the bias is what `weights` ends with; `width` is the number of k. */
export function multiply(
  rows: SparseRows,
  weights: Float64Array,
  width: number,
  out: Float64Array,
  breath: Breath,
): Promise<void> {
  const { starts, columns, values } = rows;
  const bias = weights.length - width;
  return inRuns(rows, width, breath, (from, to) => {
    for (let i = from; i < to; i++) {
      const [row, end] = [i * width, starts[i + 1]!];
      if (width === 1) {
        let sum = weights[bias]!;
        for (let j = starts[i]!; j < end; j++) sum += values[j]! * weights[columns[j]!]!;
        out[i] = sum;
        continue;
      }
      for (let k = 0; k < width; k++) out[row + k] = weights[bias + k]!;
      for (let j = starts[i]!; j < end; j++) {
        const [column, value] = [columns[j]! * width, values[j]!];
        for (let k = 0; k < width; k++) out[row + k]! += value * weights[column + k]!;
      }
    }
  });
}

/** `out[c, k] += Σ_i rows[i, c] · left[i, k]`, and `Σ_i left[i, k]` at the end of `out`: the transpose of {@link multiply}. */
export function multiplyTransposed(
  rows: SparseRows,
  left: Float64Array,
  width: number,
  out: Float64Array,
  breath: Breath,
): Promise<void> {
  const { starts, columns, values } = rows;
  const bias = out.length - width;
  return inRuns(rows, width, breath, (from, to) => {
    for (let i = from; i < to; i++) {
      const [row, end] = [i * width, starts[i + 1]!];
      for (let k = 0; k < width; k++) out[bias + k]! += left[row + k]!;
      if (width === 1) {
        const factor = left[i]!;
        for (let j = starts[i]!; j < end; j++) out[columns[j]!]! += factor * values[j]!;
        continue;
      }
      for (let j = starts[i]!; j < end; j++) {
        const [column, value] = [columns[j]! * width, values[j]!];
        for (let k = 0; k < width; k++) out[column + k]! += value * left[row + k]!;
      }
    }
  });
}

/** Sum of products. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** `to += factor · from`. */
export function addScaled(to: Float64Array, factor: number, from: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i]! += factor * from[i]!;
}

/** `a − b`, a fresh array. */
export function difference(a: Float64Array, b: Float64Array): Float64Array {
  const found = new Float64Array(a.length);
  for (let i = 0; i < a.length; i++) found[i] = a[i]! - b[i]!;
  return found;
}
