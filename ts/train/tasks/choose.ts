import { asText, placeOf, type Row, shown, textOf } from "../../data/values.js";
import { ConfigError, DataError } from "../../errors.js";
import type { Model } from "../../models/model.js";
import { argmax } from "../../pipelines/numbers.js";
import type { ReadyModel } from "../../pipelines/pipeline.js";
import { encodeTexts } from "../../pipelines/texts.js";
import { type ColumnNames, columnsOf, type TaskColumns } from "./columns.js";
import type { Detailed, RowPrediction } from "./details.js";
import { judged, measured, rightOf } from "./judge.js";
import { crossEntropyOf } from "./losses.js";
import { packSequences } from "./sequences.js";
import type { EvaluationCall, Example, Task, TaskKind } from "./task.js";

/** How well a model chooses. */
export interface ChoiceMetrics {
  /** Questions. */
  readonly n: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** Share of the questions whose best choice is right, 0 … 1. */
  readonly accuracy: number;
}

/** Metrics of multiple choice. */
export interface ChoiceScores {
  /** The kind of the model's problem. */
  readonly problem: "multiple_choice";
  /** The scores. */
  readonly metrics: ChoiceMetrics;
}

const NAMES: ColumnNames = { texts: ["text", "choices"], others: ["label"], defaults: { label: "label" } };

/** Which of several texts follows another (SWAG). The label is the number of the right one, from 0, or its letter, from A. */
export const choose: TaskKind<number, ChoiceScores, "multiple-choice"> = {
  head: "multiple-choice",
  columns: NAMES,
  learn: (_, options) => chooser(options),
  ofModel: (_, options) => chooser(options),
};

function chooser(options: TaskColumns): Task<number, ChoiceScores, "multiple-choice"> {
  const { texts, others } = columnsOf(NAMES, options);
  const [prompt, ...choices] = texts as [string, ...string[]];
  const [label] = others as [string];
  if (choices.length < 2) throw new ConfigError(`choices names ${choices.length} column, not two or more`);
  return {
    head: "multiple-choice",
    labels: [],
    fields: {},
    metric: "accuracy",
    forModel: () => chooser(options),
    texts: (row) => texts.map((column) => textOf(row, column)),
    sequences: (row) => choices.map((column) => [textOf(row, prompt), textOf(row, column)]),
    stratum: (row) => String(choiceIn(row, label, choices.length)),
    encode: (rows, model, maxLength) => encode(rows, { prompt, choices, label }, model, maxLength),
    batch: (examples) => ({
      packed: { ...packSequences(examples.flatMap(({ sequences }) => sequences)), choices: choices.length },
      targets: { sequences: examples.map((example) => example.label) },
    }),
    evaluate: (model, examples, call) => measured([], examples, () => evaluate(model, examples, call)),
    pooled: (judged) => rightOf(judged as readonly RowPrediction[]).metrics,
    inWords: ({ metrics: { accuracy, loss } }) => `accuracy ${(100 * accuracy).toFixed(2)} %, loss ${loss.toFixed(4)}`,
  };
}

/** The number of the right choice. Errors: DataError for what is not one. */
function choiceIn(row: Row, column: string, choices: number): number {
  const text = asText(`${placeOf(row)}: ${JSON.stringify(column)}`, row.values[column]).trim();
  const index = /^[A-Za-z]$/.test(text) ? text.toUpperCase().charCodeAt(0) - 65 : text === "" ? -1 : Number(text);
  if (Number.isInteger(index) && index >= 0 && index < choices) return index;
  throw new DataError(
    `${placeOf(row)}: the label is ${shown(text)}, not the number of a choice, 0 to ${choices - 1}, nor its letter`,
  );
}

function encode(
  rows: readonly Row[],
  { prompt, choices, label }: { prompt: string; choices: readonly string[]; label: string },
  model: Model,
  maxLength: number,
): Example<number>[] {
  const labels = rows.map((row) => choiceIn(row, label, choices.length));
  const prompts = rows.flatMap((row) => choices.map(() => textOf(row, prompt)));
  const pairs = rows.flatMap((row) => choices.map((column) => textOf(row, column)));
  const where = (i: number) => placeOf(rows[Math.floor(i / choices.length)]!);
  const sequences = encodeTexts("choose", model as ReadyModel, prompts, { pairs, maxLength, where });
  return labels.map((own, i) => ({
    sequences: sequences.slice(i * choices.length, (i + 1) * choices.length),
    label: own,
  }));
}

async function evaluate(
  model: Model,
  examples: readonly Example<number>[],
  call: EvaluationCall | undefined,
): Promise<Detailed<ChoiceScores>> {
  // Each choice is scored alone: a head without labels tells nothing of the others.
  const scores = await judged(model, examples, call, (logits) => logits[0]!);
  let at = 0;
  const rows = examples.map(({ sequences, label }): RowPrediction => {
    const own = scores.slice(at, at + sequences.length);
    at += sequences.length;
    const best = argmax(own);
    const score = Math.exp(-crossEntropyOf(own, best));
    return { predicted: String(best), score, loss: crossEntropyOf(own, label), isRight: best === label };
  });
  return { problem: "multiple_choice", ...rightOf(rows) };
}
