/**
 * A matrix `[rows, columns]` as `[columns, rows]`.
 * @param {Float32Array} values
 * @param {number} rows
 * @param {number} columns
 */
export function transposed(values, rows, columns) {
  const result = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[c * rows + r] = values[r * columns + c];
  return result;
}
