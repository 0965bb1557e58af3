/** What a model made of a row. */
export interface RowPrediction {
  /** What it predicts, as text: a label, a number, an answer, the number of a choice, or a JSON list of labels or tags. */
  readonly predicted: string;
  /** Probability of that, 0 … 1, or the score that the model gives; undefined where it gives none. */
  readonly score?: number | undefined;
  /** How wrong it is: the loss of the row, or 1 − the row's own score. */
  readonly loss: number;
  /** Whether it is what the row says. */
  readonly isRight: boolean;
}

/** The score that an interval is for: the share of `hits` among the rows, or any metric of rows that are drawn. */
export type MainScore =
  | { readonly metric: string; readonly hits: number; readonly of?: undefined }
  | { readonly metric: string; readonly of: (rows: Uint32Array) => number };

/** What an evaluation knows of the single rows. */
export interface Details {
  readonly main: MainScore;
  /** In the order of the rows. */
  predictions(): RowPrediction[];
  /** What `pooled` of the task scores, in the order of the rows; as JSON holds it, where typed arrays are lists. */
  judged(): readonly unknown[];
}

/** Scores with what is known of the rows. */
export type Detailed<E> = E & { readonly details: Details };

/** The values of rows that are drawn. */
export const drawn = <T>(values: ArrayLike<T>, rows: Uint32Array): T[] => Array.from(rows, (row) => values[row]!);
