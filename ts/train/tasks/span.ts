import { kind, placeOf, type Row, shown, textOf } from "../../data/values.js";
import { DataError } from "../../errors.js";
import * as metrics from "../../metrics/all.js";
import type { Model } from "../../models/model.js";
import { answer, encodeWindows } from "../../pipelines/answer.js";
import type { Window } from "../../pipelines/answerSpans.js";
import type { ReadyModel } from "../../pipelines/pipeline.js";
import { run } from "../../pipelines/run.js";
import { type ColumnNames, columnsOf, type TaskColumns } from "./columns.js";
import { type Detailed, type Details, drawn } from "./details.js";
import { measured } from "./judge.js";
import { packSequences } from "./sequences.js";
import type { EvaluationCall, Example, Task, TaskKind } from "./task.js";

/** How well a model answers, by SQuAD's rules. */
export interface SpanMetrics {
  /** Questions. */
  readonly n: number;
  /** Share of the answers that are exactly right, 0 … 100. */
  readonly exactMatch: number;
  /** Mean F1 of their words, 0 … 100. */
  readonly f1: number;
}

/** Metrics of extractive question answering. */
export interface SpanScores {
  /** The kind of the model's problem. */
  readonly problem: "question_answering";
  /** The scores. */
  readonly metrics: SpanMetrics;
}

/** A question, its right answers, and where the first of them lies in each window. */
export interface Asked {
  readonly question: string;
  readonly context: string;
  readonly answers: readonly string[];
  /** The first and the last token of the answer; those of `[CLS]` in a window without it. */
  readonly spans: readonly (readonly [first: number, last: number])[];
}

const NAMES: ColumnNames = {
  texts: ["question", "context"],
  others: ["answers"],
  defaults: { question: "question", context: "context", answers: "answers" },
};

/** Where in a text the answer to a question lies (SQuAD). Contexts that are longer than `maxLength` are read in windows. */
export const span: TaskKind<Asked, SpanScores, "question-answering"> = {
  head: "question-answering",
  columns: NAMES,
  learn: (_, options) => answerer(options),
  ofModel: (_, options) => answerer(options),
};

function answerer(options: TaskColumns): Task<Asked, SpanScores, "question-answering"> {
  const { texts, others } = columnsOf(NAMES, options);
  const [question, context] = texts as [string, string];
  const [answers] = others as [string];
  return {
    head: "question-answering",
    labels: [],
    fields: {},
    metric: "f1",
    forModel: () => answerer(options),
    // Questions on one text stay together.
    texts: (row) => [textOf(row, context), textOf(row, question)],
    stratum: () => "",
    encode: (rows, model, maxLength) =>
      rows.map((row) => encode(row, { question, context, answers }, model, maxLength)),
    batch: (examples) => ({
      packed: packSequences(examples.flatMap(({ sequences }) => sequences)),
      targets: {
        spans: {
          starts: Int32Array.from(examples.flatMap(({ label }) => label.spans.map(([first]) => first))),
          ends: Int32Array.from(examples.flatMap(({ label }) => label.spans.map(([, last]) => last))),
        },
      },
    }),
    evaluate: (model, examples, call) => measured([], examples, () => evaluate(model, examples, call)),
    pooled: (judged) => scoresOf(judged as readonly Answered[]),
    inWords: ({ metrics: { exactMatch, f1 } }) => `exact match ${exactMatch.toFixed(2)}, F1 ${f1.toFixed(2)}`,
  };
}

function encode(
  row: Row,
  columns: { question: string; context: string; answers: string },
  model: Model,
  maxLength: number,
): Example<Asked> {
  const [question, context] = [textOf(row, columns.question), textOf(row, columns.context)];
  const answers = answersIn(row, columns.answers, context);
  const windows = encodeWindows(model as ReadyModel, { question, context }, placeOf(row), { maxLength });
  const [first] = answers;
  return {
    sequences: windows.map(({ encoding }) => ({ ids: encoding.ids, typeIds: encoding.typeIds })),
    label: {
      ...{ question, context, answers: answers.map(({ text }) => text) },
      spans: windows.map((window) => spanIn(window, first, model.tokenizer!.clsTokenId)),
    },
  };
}

/** An answer and where it lies in the context, in UTF-16 units. */
interface Found {
  readonly text: string;
  readonly start: number;
}

/** A row's answers as SQuAD has them, also as the JSON text of that. Errors: DataError. */
function answersIn(row: Row, column: string, context: string): Found[] {
  const where = `${placeOf(row)}: ${JSON.stringify(column)}`;
  const value = parsed(row.values[column]);
  const { text, answer_start: starts } = (value ?? {}) as { text?: unknown; answer_start?: unknown };
  if (!Array.isArray(text) || !Array.isArray(starts) || text.length !== starts.length)
    throw new DataError(`${where} is ${kind(value)}, not { text: […], answer_start: […] } of one length`);
  return text.map((one: unknown, i) => {
    if (typeof one !== "string" || !Number.isSafeInteger(starts[i]) || (starts[i] as number) < 0)
      throw new DataError(`${where}: answer ${i} is not a text with the place where it begins`);
    return { text: one, start: placeIn(context, one, starts[i] as number, where) };
  });
}

function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !value.trim().startsWith("{")) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Files count code points, as Python does; rows made in JavaScript may count UTF-16 units. */
function placeIn(context: string, text: string, start: number, where: string): number {
  if (context.startsWith(text, start)) return start;
  const units = [...context].slice(0, start).join("").length;
  if (context.startsWith(text, units)) return units;
  throw new DataError(
    `${where}: at ${start} stands ${shown(context.slice(units, units + text.length))}, not ${shown(text)}`,
  );
}

/** The tokens of an answer in a window; `[CLS]` in one that does not hold all of it, and where there is no answer. */
function spanIn({ encoding, side }: Window, answer: Found | undefined, cls: number | undefined): [number, number] {
  const none = Math.max(0, cls === undefined ? 0 : encoding.ids.indexOf(cls));
  if (!answer || answer.text === "") return [none, none];
  const [begin, end] = [answer.start, answer.start + answer.text.length];
  let [first, last] = [-1, -1];
  for (const [t, [from, to]] of encoding.offsets.entries()) {
    if (encoding.sequenceIds[t] !== side || from === to) continue;
    if (from <= begin && begin < to) first = t;
    if (from < end && end <= to) last = t;
  }
  return first < 0 || last < 0 ? [none, none] : [first, last];
}

async function evaluate(
  model: Model,
  examples: readonly Example<Asked>[],
  { signal, onProgress }: EvaluationCall = {},
): Promise<Detailed<SpanScores>> {
  const questions = examples.map(({ label: { question, context } }) => ({ question, context }));
  const handleImpossibleAnswer = examples.some(({ label }) => label.answers.length === 0);
  // SQuAD's script allows answers of 30 tokens.
  const job = answer.prepare(model as ReadyModel, questions, { handleImpossibleAnswer, maxAnswerLength: 30 });
  const found = await run(model, { what: "evaluate", job, options: { signal, onProgress } });
  const predicted = found.map(([best]) => best?.answer ?? "");
  const truth = examples.map(({ label }) => (label.answers.length > 0 ? label.answers : [""]));
  const rows = predicted.map((answer, i): Answered => [answer, truth[i]!]);
  const details = detailsOf(
    predicted,
    truth,
    found.map(([best]) => best?.score),
  );
  return {
    ...{ problem: "question_answering", metrics: scoresOf(rows) },
    details: { ...details, judged: () => rows },
  };
}

/** A question's answer as the model gives it, and the right ones. */
type Answered = readonly [answer: string, answers: readonly string[]];

function scoresOf(rows: readonly Answered[]): SpanMetrics {
  const [predicted, truth] = [rows.map(([answer]) => answer), rows.map(([, answers]) => answers)];
  const { exactMatch, f1 } = metrics.squad(predicted, truth);
  return { n: rows.length, exactMatch, f1 };
}

function detailsOf(
  predicted: readonly string[],
  truth: readonly (readonly string[])[],
  scores: readonly (number | undefined)[],
): Omit<Details, "judged"> {
  const own = predicted.map((answer, i) => metrics.squad([answer], [truth[i]!]));
  const f1 = Float64Array.from(own, (one) => one.f1);
  return {
    main: { metric: "f1", of: (rows) => drawn(f1, rows).reduce((sum, x) => sum + x, 0) / rows.length },
    predictions: () =>
      predicted.map((answer, i) => ({
        ...{ predicted: answer, score: scores[i], loss: 1 - f1[i]! / 100 },
        isRight: own[i]!.exactMatch === 100,
      })),
  };
}
