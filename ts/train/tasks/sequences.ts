import { type Row, textOf } from "../../data/values.js";
import type { RoFormerConfig, RoFormerConfigInput } from "../../models/config.js";
import type { OwnLoss } from "../../models/model.js";
import type { Targets } from "../../nn/heads/index.js";
import { pack } from "../../nn/packed.js";
import type { Sequence } from "../../pipelines/pipeline.js";
import { encodeRows } from "../examples.js";
import { type ColumnNames, columnsOf, type TaskColumns } from "./columns.js";
import type { Details } from "./details.js";
import { judged, measured } from "./judge.js";
import type { Scores, Task } from "./task.js";

/** Columns of tasks on texts or pairs of texts with a label. */
export const TEXT_COLUMNS: ColumnNames = { texts: ["text", "textPair?"], others: ["label"] };

/**
 * What differs between tasks of a sequence classifier (`problem_type`): how a row's label is read, what is kept of a text's logits,
 * and how all texts are scored. `L`: a row's label; `J`: what is kept of a text; `E`: the scores.
 */
export interface SequenceProblem<L, J, E extends Scores> {
  readonly labels: readonly string[];
  readonly fields: Partial<RoFormerConfigInput>;
  /** See {@link Task.metric}. */
  readonly metric: string;
  /** The problem with the labels of a saved model; see {@link Task.forModel}. */
  forModel(config: RoFormerConfig): SequenceProblem<L, J, E> | undefined;
  /** The label of a row. Errors: DataError that names the row. */
  readLabel(row: Row, column: string): L;
  /** See {@link Task.stratum}. */
  stratum(row: Row, column: string): string;
  /** Labels as the loss takes them: classes, values, or an indicator per label; or a loss of the task's own. */
  targets(labels: readonly L[]): Pick<Targets, "sequences"> | OwnLoss;
  /** What is kept of a text's logits, `[labels]`. */
  judge(logits: Float32Array, label: L): J;
  /** Scores of all texts. */
  score(judged: readonly J[], labels: readonly L[]): E;
  /** What is known of the single texts. */
  details(judged: readonly J[], labels: readonly L[]): Details;
  inWords(scores: E): string;
}

/** A task of the head for sequence classification. */
export type SequenceTask<L, E extends Scores> = Task<L, E, "sequence-classification">;

/** The task of a problem, on the columns that `options` name. */
export function sequenceTask<L, J extends object | number, E extends Scores>(
  problem: SequenceProblem<L, J, E>,
  options: TaskColumns,
): SequenceTask<L, E> {
  const { labels, fields, metric, inWords } = problem;
  const { texts, others } = columnsOf(TEXT_COLUMNS, options);
  const [label] = others as [string];
  return {
    head: "sequence-classification",
    ...{ labels, fields, metric, inWords },
    forModel(config) {
      const own = problem.forModel(config);
      return own && sequenceTask(own, options);
    },
    texts: (row) => texts.map((column) => textOf(row, column)),
    stratum: (row) => problem.stratum(row, label),
    encode: (rows, model, maxLength) =>
      encodeRows(rows, texts, model, { maxLength, labelOf: (row) => problem.readLabel(row, label) }),
    batch: (examples) => ({
      packed: packSequences(examples.flatMap(({ sequences }) => sequences)),
      targets: problem.targets(examples.map((example) => example.label)),
    }),
    evaluate: (model, examples, call) =>
      measured(labels, examples, async () => {
        const truth = examples.map((example) => example.label);
        const found = await judged(model, examples, call, (logits, i) => problem.judge(logits, truth[i]!));
        return { ...problem.score(found, truth), details: problem.details(found, truth) };
      }),
  };
}

/** Sequences as a batch. */
export const packSequences = (sequences: readonly Sequence[]) =>
  pack(
    sequences.map(({ ids }) => ids),
    sequences.map(({ typeIds }) => typeIds),
  );
