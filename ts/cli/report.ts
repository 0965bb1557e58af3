import type { Evaluation } from "../train/evaluate.js";

/** Metrics and confusion matrix, for people. */
export function reportLines({ metrics, confusionMatrix, labels, tokens, seconds }: Evaluation): string[] {
  const percent = (x: number) => `${(100 * x).toFixed(2)} %`;
  return [
    `${metrics.n} texts: accuracy ${percent(metrics.accuracy)}, F1 ${metrics.f1.toFixed(4)}, precision ${metrics.precision.toFixed(4)}, recall ${metrics.recall.toFixed(4)}, loss ${metrics.loss.toFixed(4)}`,
    ...matrixLines(confusionMatrix, labels),
    `evaluated ${Math.round(tokens / seconds)} tokens/s`,
  ];
}

function matrixLines(matrix: readonly (readonly number[])[], labels: readonly string[]): string[] {
  const cells = [["true \\ predicted", ...labels], ...matrix.map((row, i) => [labels[i]!, ...row.map(String)])];
  const widths = cells[0]!.map((_, j) => Math.max(...cells.map((row) => row[j]!.length)));
  return cells.map((row) =>
    row.map((cell, j) => (j === 0 ? cell.padEnd(widths[j]!) : cell.padStart(widths[j]!))).join("  "),
  );
}
