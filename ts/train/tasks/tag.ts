import { compareLabels, type LabelSet, labelSet } from "../../data/labels.js";
import { asText, asTexts, placeOf, type Row, shown } from "../../data/values.js";
import { DataError } from "../../errors.js";
import * as metrics from "../../metrics/all.js";
import type { Model } from "../../models/model.js";
import { IGNORED } from "../../ops/crossEntropy.js";
import { argmax, finiteRows } from "../../pipelines/numbers.js";
import { checkSequence } from "../../pipelines/texts.js";
import type { Tokenizer } from "../../tokenizers/tokenizer.js";
import { type ColumnNames, columnsOf, type TaskColumns } from "./columns.js";
import { type Detailed, type Details, drawn } from "./details.js";
import { measured, readSequences } from "./judge.js";
import { crossEntropyOf } from "./losses.js";
import { inModelOrder, modelLabels, tokenLabelFields } from "./problemType.js";
import { packSequences } from "./sequences.js";
import type { EvaluationCall, Example, Task, TaskKind } from "./task.js";

/** How well a model tags words. */
export interface TagMetrics {
  /** Texts. */
  readonly n: number;
  /** Words. */
  readonly words: number;
  /** Mean cross-entropy per word, in nats; words that were cut off have none. */
  readonly loss: number;
  /** Share of the words whose tag is right, 0 … 1. A word that was cut off counts as tagged `O`. */
  readonly accuracy: number;
  /** F1 of whole entities (CoNLL's, seqeval's), 0 … 1. */
  readonly f1: number;
  /** Of the entities found, the share that is right. */
  readonly precision: number;
  /** Of the right entities, the share that is found. */
  readonly recall: number;
}

/** Metrics of a tagger. */
export interface TagScores {
  /** The kind of the model's problem. */
  readonly problem: "token_classification";
  /** The scores. */
  readonly metrics: TagMetrics;
  /** Precision, recall and F1 of each type of entity. */
  readonly perEntity: readonly metrics.EntityReport[];
}

/** A row's tags, and the token of its sequence that each word begins with. */
export interface Tagged {
  /** Ids of the tags, a word each. */
  readonly tags: Int32Array;
  /** The word's first token; −1 where the word has none, as it was cut off. */
  readonly tokens: Int32Array;
}

const NAMES: ColumnNames = { texts: [], others: ["words", "tags"], defaults: { words: "words", tags: "tags" } };

/** A tag per word: names, parts of speech. */
export const tag: TaskKind<Tagged, TagScores, "token-classification"> = {
  head: "token-classification",
  columns: NAMES,
  learn(rows, options) {
    const [, column] = columnsOf(NAMES, options).others as [string, string];
    const names = new Set(rows.flatMap((row) => listOf(row, column)));
    if (names.size < 2)
      throw new DataError(
        `${rows[0]!.file}: every word has the same tag in ${JSON.stringify(column)}: nothing to tell apart`,
      );
    return tagger(labelSet([...names].sort(compareLabels)), options);
  },
  ofModel: (config, options) => tagger(modelLabels(config), options),
};

function tagger(labels: LabelSet, options: TaskColumns): Task<Tagged, TagScores, "token-classification"> {
  const [words, tags] = columnsOf(NAMES, options).others as [string, string];
  const hasEntities = labels.names.some((name) => /^[BIES]-/.test(name));
  return {
    head: "token-classification",
    labels: labels.names,
    fields: tokenLabelFields(labels.names),
    metric: hasEntities ? "f1" : "accuracy",
    forModel(config) {
      const own = inModelOrder(config, labels);
      return own && tagger(own, options);
    },
    texts: (row) => [listOf(row, words).join(" ")],
    stratum: () => "",
    encode: (rows, model, maxLength) => rows.map((row) => encode(row, { words, tags, labels }, model, maxLength)),
    batch: (examples) => ({
      packed: packSequences(examples.flatMap(({ sequences }) => sequences)),
      targets: { tokens: Int32Array.from(examples.flatMap(tokenTargets)) },
    }),
    evaluate: (model, examples, call) =>
      measured(labels.names, examples, () => evaluate(model, examples, labels, call)),
    pooled: (judged) => scoresOf(judged as readonly NamedTags[]).metrics,
    inWords: ({ metrics: { f1, accuracy, loss } }) =>
      `${hasEntities ? `entity F1 ${f1.toFixed(4)}` : `accuracy ${(100 * accuracy).toFixed(2)} %`}, loss ${loss.toFixed(4)}`,
  };
}

/** The words or tags in a row: those of a list, of the JSON list that a text is, or of a text with spaces between. */
function listOf(row: Row, column: string): string[] {
  const value = row.values[column];
  const where = `${placeOf(row)}: ${JSON.stringify(column)}`;
  if (Array.isArray(value)) return asTexts(where, value);
  const text = asText(where, value).trim();
  if (!text.startsWith("[")) return text === "" ? [] : text.split(/\s+/);
  try {
    const list = JSON.parse(text) as unknown;
    if (Array.isArray(list)) return asTexts(where, list);
  } catch {
    // A text that begins with a bracket.
  }
  return text.split(/\s+/);
}

/** The words of a row end to end, and its tags at the first token of each word. */
function encode(
  row: Row,
  { words: column, tags: tagColumn, labels }: { words: string; tags: string; labels: LabelSet },
  { tokenizer, config }: Model,
  maxLength: number,
): Example<Tagged> {
  const [words, tags] = [listOf(row, column), listOf(row, tagColumn)];
  if (words.length === 0) throw new DataError(`${placeOf(row)}: there are no words in ${JSON.stringify(column)}`);
  if (words.length !== tags.length)
    throw new DataError(`${placeOf(row)}: ${words.length} words have ${tags.length} tags`);
  const empty = words.findIndex((word) => word.trim() === "");
  if (empty >= 0)
    throw new DataError(`${placeOf(row)}: word ${empty} is ${shown(words[empty]!)}, without any character`);
  const sequence = (tokenizer as Tokenizer).encode(words.join(" "), { maxLength, truncation: true });
  checkSequence(placeOf(row), sequence, config);
  const starts = new Int32Array(words.length);
  for (let w = 1; w < words.length; w++) starts[w] = starts[w - 1]! + words[w - 1]!.length + 1;
  const tokens = new Int32Array(words.length).fill(-1);
  for (const [t, [begin, end]] of sequence.offsets.entries()) {
    if (sequence.specialTokensMask[t] === 1 || begin === end) continue;
    const word = wordAt(starts, end - 1);
    if (tokens[word] === -1) tokens[word] = t;
  }
  const ids = Int32Array.from(tags, (name) => labels.idOfName(name, row));
  return { sequences: [{ ids: sequence.ids, typeIds: sequence.typeIds }], label: { tags: ids, tokens } };
}

/** The word that holds a unit of the text. */
function wordAt(starts: Int32Array, unit: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle]! <= unit) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The tag of each word at its first token, and −100 elsewhere. */
function tokenTargets({ sequences, label: { tags, tokens } }: Example<Tagged>): number[] {
  const targets = new Array<number>(sequences[0]!.ids.length).fill(IGNORED);
  for (const [word, token] of tokens.entries()) if (token >= 0) targets[token] = tags[word]!;
  return targets;
}

/** The tag and the loss of each word of a text; a word that was cut off has no loss. */
interface Judged {
  readonly tags: Int32Array;
  readonly loss: number;
  readonly judged: number;
}

async function evaluate(
  model: Model,
  examples: readonly Example<Tagged>[],
  labels: LabelSet,
  call: EvaluationCall | undefined,
): Promise<Detailed<TagScores>> {
  const outside = Math.max(0, labels.names.indexOf("O"));
  const judge = (logits: Float32Array, { tags, tokens }: Tagged): Judged => {
    const width = labels.names.length;
    const found = new Int32Array(tags.length).fill(outside);
    let [loss, judged] = [0, 0];
    for (const [word, token] of tokens.entries()) {
      if (token < 0) continue;
      const own = logits.subarray(token * width, (token + 1) * width);
      found[word] = argmax(own);
      loss += crossEntropyOf(own, tags[word]!);
      judged++;
    }
    return { tags: found, loss, judged };
  };
  const found = await readSequences(model, examples, call, ({ head, batch }, places) => {
    const logits = finiteRows(head().logits!);
    const { offsets } = batch.packed;
    return places.map(({ row, index }) => judge(logits(offsets[row]!, offsets[row + 1]!), examples[index]!.label));
  });
  return scored(found, examples, labels.names);
}

/** The tags of a text by name, and the loss of its words. */
interface NamedTags extends Omit<Judged, "tags"> {
  readonly predicted: readonly string[];
  readonly truth: readonly string[];
}

function scored(
  found: readonly Judged[],
  examples: readonly Example<Tagged>[],
  names: readonly string[],
): Detailed<TagScores> {
  const named = (tags: Int32Array) => Array.from(tags, (id) => names[id]!);
  const rows = found.map(
    ({ tags, loss, judged }, i): NamedTags => ({
      ...{ predicted: named(tags), truth: named(examples[i]!.label.tags), loss, judged },
    }),
  );
  return { problem: "token_classification", ...scoresOf(rows), details: detailsOf(rows) };
}

function scoresOf(rows: readonly NamedTags[]): Omit<TagScores, "problem"> {
  const [predicted, truth] = [rows.map((row) => row.predicted), rows.map((row) => row.truth)];
  const { precision, recall, f1, perEntity } = metrics.entityF1(predicted, truth);
  const [losses, judged] = [rows.map(({ loss }) => loss), rows.map((row) => row.judged)].map((all) =>
    all.reduce((a, b) => a + b, 0),
  ) as [number, number];
  const ids = new Map([...new Set([...predicted, ...truth].flat())].map((name, id) => [name, id]));
  const idsOf = (tags: readonly (readonly string[])[]) => tags.flat().map((name) => ids.get(name)!);
  const accuracy = metrics.accuracy(idsOf(predicted), idsOf(truth));
  const words = truth.reduce((sum, { length }) => sum + length, 0);
  return { metrics: { n: truth.length, words, loss: losses / judged, accuracy, f1, precision, recall }, perEntity };
}

function detailsOf(rows: readonly NamedTags[]): Details {
  const [predicted, truth] = [rows.map((row) => row.predicted), rows.map((row) => row.truth)];
  return {
    judged: () => rows,
    main: { metric: "f1", of: (rows) => metrics.entityF1(drawn(predicted, rows), drawn(truth, rows)).f1 },
    predictions: () =>
      predicted.map((tags, i) => ({
        predicted: JSON.stringify(tags),
        loss: rows[i]!.loss / Math.max(1, rows[i]!.judged),
        isRight: tags.every((tag, word) => tag === truth[i]![word]),
      })),
  };
}
