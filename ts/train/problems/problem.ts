import type { Row } from "../../data/values.js";

/**
 * What a sequence classifier is asked (`problem_type`): how a row's label is read, what is kept of a text's logits, and how all texts
 * are scored. `T`: a row's label; `J`: what is kept of a text; `E`: the scores.
 */
export interface Problem<T, J, E> {
  /** Names of the outputs, in order of their ids. */
  readonly labels: readonly string[];
  /** The label of a row. Errors: DataError that names the row. */
  readLabel(row: Row, column: string): T;
  /** What is kept of a text's logits, `[labels]`. */
  judge(logits: Float32Array, label: T): J;
  /** Scores of all texts. */
  score(judged: readonly J[], labels: readonly T[]): E;
}
