import type { BatchStates, Model } from "../../models/model.js";
import { finiteRows } from "../../pipelines/numbers.js";
import type { Job, Place } from "../../pipelines/pipeline.js";
import { run } from "../../pipelines/run.js";
import type { Detailed, Details, RowPrediction } from "./details.js";
import type { EvaluationCall, Example, Measured } from "./task.js";

/** Runs an evaluation and says what it took. */
export async function measured<E>(
  labels: readonly string[],
  examples: readonly Example[],
  evaluate: () => Promise<Detailed<E>>,
): Promise<Detailed<E> & Measured> {
  const started = performance.now();
  const scores = await evaluate();
  const lengths = examples.flatMap(({ sequences }) => sequences.map(({ ids }) => ids.length));
  return {
    ...scores,
    labels,
    tokens: lengths.reduce((sum, length) => sum + length, 0),
    seconds: (performance.now() - started) / 1000,
  };
}

/** What `read` makes of every sequence of the examples, in their order. Errors: AbortError, EngineError. */
export function readSequences<J extends object | number>(
  model: Model,
  examples: readonly Example[],
  { signal, onProgress }: EvaluationCall = {},
  read: (states: BatchStates, places: readonly Place[]) => J[],
): Promise<J[]> {
  const sequences = examples.flatMap((example) => example.sequences);
  const job: Job<J, J> = { sequences, read, finish: (found) => [...found] };
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  return run(model, { what: "evaluate", job, options });
}

/** What `judge` makes of the logits of every sequence: `[labels]` each. */
export const judged = <J extends object | number>(
  model: Model,
  examples: readonly Example[],
  call: EvaluationCall | undefined,
  judge: (logits: Float32Array, index: number) => J,
): Promise<J[]> =>
  readSequences(model, examples, call, ({ head }, places) => {
    const logits = finiteRows(head().logits!);
    return places.map(({ row, index }) => judge(logits(row), index));
  });

/** Loss and accuracy of rows that are right or wrong. */
export function rightOf(rows: readonly RowPrediction[]): {
  metrics: { n: number; loss: number; accuracy: number };
  details: Details;
} {
  const n = rows.length;
  const hits = rows.filter(({ isRight }) => isRight).length;
  const loss = rows.reduce((sum, row) => sum + row.loss, 0) / n;
  return {
    metrics: { n, loss, accuracy: hits / n },
    details: { main: { metric: "accuracy", hits }, predictions: () => [...rows], judged: () => rows },
  };
}
