import { type Row, textOf } from "../../data/values.js";
import type { RoFormerConfig, RoFormerConfigInput } from "../../models/config.js";
import type { Model, OwnLoss } from "../../models/model.js";
import { type Decision, decisionOf, probabilityOf } from "../../models/thresholds.js";
import type { Targets } from "../../nn/heads/index.js";
import { pack } from "../../nn/packed.js";
import type { Sequence } from "../../pipelines/pipeline.js";
import { encodeRows } from "../examples.js";
import { bestThreshold } from "./bestThreshold.js";
import { type CalibrationMetrics, calibrationMetrics, fitTemperature, type Probabilities } from "./calibration.js";
import { type ColumnNames, columnsOf, type TaskColumns } from "./columns.js";
import type { Details } from "./details.js";
import { judged, measured } from "./judge.js";
import type { EvaluationCall, Example, Scores, Task } from "./task.js";

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
  /** See {@link Task.whyMetric}. */
  readonly whyMetric?: readonly string[] | undefined;
  /** The labels that have thresholds, by id, and whether a row has one of them; undefined for problems without. */
  readonly decisive?: Decisive<L> | undefined;
  /** How logits become probabilities; undefined where they are none. */
  readonly probabilities?: Probabilities<L> | undefined;
  /** The problem with the labels of a saved model; see {@link Task.forModel}. */
  forModel(config: RoFormerConfig): SequenceProblem<L, J, E> | undefined;
  /** The label of a row. Errors: DataError that names the row. */
  readLabel(row: Row, column: string): L;
  /** See {@link Task.stratum}. */
  stratum(row: Row, column: string): string;
  /** Labels as the loss takes them: classes, values, or an indicator per label; or a loss of the task's own. */
  targets(labels: readonly L[]): Pick<Targets, "sequences"> | OwnLoss;
  /** What is kept of a text's logits, `[labels]`; like labels, something that JSON holds as it is. */
  judge(logits: Float32Array, label: L, decision: Decision | undefined): J;
  /** Scores of all texts. */
  score(judged: readonly J[], labels: readonly L[], known: Known): E;
  /** What is known of the single texts. */
  details(judged: readonly J[], labels: readonly L[]): Omit<Details, "judged">;
  inWords(scores: E): string;
}

/** What is known of scores beside the single texts. */
interface Known {
  readonly decision: Decision | undefined;
  /** Undefined for problems without probabilities. */
  readonly calibration: CalibrationMetrics | undefined;
}

/** Labels that have thresholds. */
interface Decisive<L> {
  /** Whether texts have several labels. */
  readonly several: boolean;
  readonly ids: readonly number[];
  has(label: L, id: number): boolean;
}

/** A task of the head for sequence classification. */
export type SequenceTask<L, E extends Scores> = Task<L, E, "sequence-classification">;

/** The task of a problem, on the columns that `options` name. */
export function sequenceTask<L, J extends object | number, E extends Scores>(
  problem: SequenceProblem<L, J, E>,
  options: TaskColumns & { readonly threshold?: number | "auto" | undefined },
): SequenceTask<L, E> {
  const { labels, fields, metric, whyMetric, decisive, probabilities, inWords } = problem;
  const { texts, others } = columnsOf(TEXT_COLUMNS, options);
  const [label] = others as [string];
  return {
    head: "sequence-classification",
    ...{ labels, fields, metric, whyMetric, inWords },
    thresholds: decisive && {
      labels: decisive.ids.map((id) => labels[id]!),
      tune: (model, examples, call) => tuned(decisive, labels, model, examples, call),
    },
    temperature:
      probabilities &&
      (async (model, examples, call) => {
        const rows = (logits: Float32Array, i: number) => ({ logits: logits.slice(), label: examples[i]!.label });
        return fitTemperature(await judged(model, examples, call, rows), probabilities);
      }),
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
    pooled: (texts) => scored(problem, texts as readonly Evaluated<L, J>[]).metrics,
    evaluate: (model, examples, call, temperature) =>
      measured(labels, examples, async () => {
        const asked = typeof options.threshold === "number" ? options.threshold : undefined;
        const decision = decisionOf("evaluate", model.config, asked);
        const texts = await judged(model, examples, call, (logits, i): Evaluated<L, J> => {
          const { label } = examples[i]!;
          return { judged: problem.judge(logits, label, decision), label, logits: Array.from(logits) };
        });
        const [found, truth] = [texts.map((text) => text.judged), texts.map((text) => text.label)];
        return {
          ...scored(problem, texts, { decision, temperature }),
          details: { ...problem.details(found, truth), judged: () => texts },
        };
      }),
  };
}

/** A text, and what is kept of its evaluation. */
interface Evaluated<L, J> {
  readonly judged: J;
  readonly label: L;
  readonly logits: readonly number[];
}

/** The scores of texts of one model or several. */
function scored<L, J extends object | number, E extends Scores>(
  problem: SequenceProblem<L, J, E>,
  texts: readonly Evaluated<L, J>[],
  {
    decision,
    temperature,
  }: { readonly decision?: Decision | undefined; readonly temperature?: number | undefined } = {},
): E {
  const { probabilities } = problem;
  const calibration = probabilities && calibrationMetrics(texts, probabilities, temperature);
  const own = texts.map((text) => text.judged);
  const labels = texts.map(({ label }) => label);
  return problem.score(own, labels, { decision, calibration });
}

/** The threshold of each label that has the best F1 on examples, by the labels' names. */
async function tuned<L>(
  { several, ids, has }: Decisive<L>,
  labels: readonly string[],
  model: Model,
  examples: readonly Example<L>[],
  call: EvaluationCall | undefined,
): Promise<Record<string, number>> {
  const found = await judged(model, examples, call, (logits) => ids.map((id) => probabilityOf(logits, id, several)));
  const of = (id: number, at: number) =>
    bestThreshold(
      found.map((own) => own[at]!),
      examples.map(({ label }) => has(label, id)),
    );
  return Object.fromEntries(ids.map((id, at) => [labels[id]!, of(id, at)]));
}

/** Sequences as a batch. */
export const packSequences = (sequences: readonly Sequence[]) =>
  pack(
    sequences.map(({ ids }) => ids),
    sequences.map(({ typeIds }) => typeIds),
  );
