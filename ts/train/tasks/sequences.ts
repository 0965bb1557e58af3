import type { Row } from "../../data/values.js";
import type { RoFormerConfig, RoFormerConfigInput } from "../../models/config.js";
import type { Model } from "../../models/model.js";
import type { Targets } from "../../nn/heads/index.js";
import { pack } from "../../nn/packed.js";
import { finiteRows } from "../../pipelines/numbers.js";
import type { Job } from "../../pipelines/pipeline.js";
import { run } from "../../pipelines/run.js";
import { encodeRows } from "../examples.js";
import type { EvaluationCall, Example, Measured, Task } from "./task.js";

/**
 * What differs between tasks of a sequence classifier (`problem_type`): how a row's label is read, what is kept of a text's logits,
 * and how all texts are scored. `L`: a row's label; `J`: what is kept of a text; `E`: the scores.
 */
export interface SequenceProblem<L, J, E> {
  readonly labels: readonly string[];
  readonly fields: Partial<RoFormerConfigInput>;
  /** The problem with the labels of a saved model; see {@link Task.forModel}. */
  forModel(config: RoFormerConfig): SequenceProblem<L, J, E> | undefined;
  /** The label of a row. Errors: DataError that names the row. */
  readLabel(row: Row, column: string): L;
  /** Labels as the loss takes them: a class, a value, or an indicator per label. */
  targets(labels: readonly L[]): NonNullable<Targets["sequences"]>;
  /** What is kept of a text's logits, `[labels]`. */
  judge(logits: Float32Array, label: L): J;
  /** Scores of all texts. */
  score(judged: readonly J[], labels: readonly L[]): E;
  better(a: E, b: E): boolean;
  inWords(scores: E): string;
}

/** A task of the head for sequence classification. */
export type SequenceTask<L, E> = Task<L, E, "sequence-classification">;

/** The task of a problem. */
export function sequenceTask<L, J, E>(problem: SequenceProblem<L, J, E>): SequenceTask<L, E> {
  const { labels, fields, better, inWords } = problem;
  return {
    head: "sequence-classification",
    ...{ labels, fields, better, inWords },
    forModel(config) {
      const own = problem.forModel(config);
      return own && sequenceTask(own);
    },
    encode: (rows, columns, model, maxLength) =>
      encodeRows(rows, columns, model, { maxLength, labelOf: (row) => problem.readLabel(row, columns.label!) }),
    batch: (examples) => ({
      packed: pack(
        examples.map(({ ids }) => ids),
        examples.map(({ typeIds }) => typeIds),
      ),
      targets: { sequences: problem.targets(examples.map(({ label }) => label)) },
    }),
    evaluate: (model, examples, call) => evaluate(model, examples, problem, call),
  };
}

async function evaluate<L, J, E>(
  model: Model,
  examples: readonly Example<L>[],
  problem: SequenceProblem<L, J, E>,
  { signal, onProgress }: EvaluationCall = {},
): Promise<E & Measured> {
  const started = performance.now();
  const job: Job<J, J> = {
    sequences: examples,
    read({ head }, places) {
      const logits = finiteRows(head().logits!);
      return places.map(({ row, index }) => problem.judge(logits(row), examples[index]!.label));
    },
    finish: (found) => [...found],
  };
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const judged = await run(model, { what: "evaluate", job, options });
  return {
    ...problem.score(
      judged,
      examples.map(({ label }) => label),
    ),
    labels: problem.labels,
    tokens: examples.reduce((sum, { ids }) => sum + ids.length, 0),
    seconds: (performance.now() - started) / 1000,
  };
}
