import { external, type ValueWithGradient } from "../../autograd/external.js";
import { placeOf, type Row, textOf } from "../../data/values.js";
import { ConfigError } from "../../errors.js";
import * as metrics from "../../metrics/all.js";
import { ranks } from "../../metrics/regression.js";
import type { BatchStates, Model } from "../../models/model.js";
import { meanSentenceModel, trainablePooling } from "../../models/sentences/trained.js";
import { embed as vectorsOf } from "../../pipelines/embed.js";
import type { ReadyModel } from "../../pipelines/pipeline.js";
import { run } from "../../pipelines/run.js";
import { similarityOf } from "../../pipelines/similarity.js";
import { encodeTexts } from "../../pipelines/texts.js";
import type { RoFormer } from "../../roformer.js";
import type { Tensor } from "../../tensor/tensor.js";
import { type ColumnNames, columnsOf, type TaskColumns } from "./columns.js";
import { type Detailed, type Details, drawn, type RowPrediction } from "./details.js";
import { measured, rightOf } from "./judge.js";
import { readNumber } from "./regress.js";
import { packSequences } from "./sequences.js";
import type { EvaluationCall, Example, Task, TaskKind } from "./task.js";
import { cosent, cosineError, inBatchNegatives } from "./vectorLosses.js";

/** How well vectors of texts tell what is similar. */
export interface EmbeddingMetrics {
  /** Pairs or triplets. */
  readonly n: number;
  /** Spearman's rank correlation of cosines and labels, −1 … 1: of scored pairs. */
  readonly spearman?: number;
  /** Pearson's. */
  readonly pearson?: number;
  /**
   * Of triplets, the share whose second text is more similar to the first than the third is; of pairs, the share whose second text is
   * the most similar one of all second texts.
   */
  readonly accuracy?: number;
  /** Of pairs, the mean of 1 / rank of the right text among all second texts; 0 beyond rank 10. */
  readonly mrr10?: number;
}

/** Metrics of text vectors. */
export interface EmbeddingScores {
  /** The kind of the model's problem. */
  readonly problem: "sentence_similarity";
  /** The scores. */
  readonly metrics: EmbeddingMetrics;
}

/** A similarity for scored pairs; null for pairs and triplets. */
type Similarity = number | null;

const NAMES: ColumnNames = { texts: ["text", "textPair", "negative?"], others: ["label?"] };

/** Vectors of texts, so that similar texts have similar vectors: from pairs, triplets, or pairs with a similarity. */
export const embed: TaskKind<Similarity, EmbeddingScores, "base"> = {
  head: "base",
  columns: NAMES,
  learn: (_, options) => embedder(options),
  ofModel: (_, options) => embedder(options),
};

function embedder(options: TaskColumns): Task<Similarity, EmbeddingScores, "base"> {
  const { texts, others } = columnsOf(NAMES, options);
  const [label] = others;
  if (label !== undefined && texts.length > 2)
    throw new ConfigError("embed takes pairs with a label, or triplets with a negative, not both");
  const isScored = label !== undefined;
  const lossOf = vectorLoss(options, isScored);
  return {
    head: "base",
    labels: [],
    fields: {},
    metric: isScored ? "spearman" : "accuracy",
    forModel: () => embedder(options),
    adopt: (model) => (model.sentenceModel ? checked(model) : withMeanPooling(model)),
    texts: (row) => texts.map((column) => textOf(row, column)),
    sequences: (row) => texts.map((column) => [textOf(row, column)]),
    stratum: () => "",
    encode: (rows, model, maxLength) => encode(rows, texts, label, model, maxLength),
    batch: (examples) => ({
      packed: packSequences(examples.flatMap(({ sequences }) => sequences)),
      targets: {
        count: examples.length,
        loss: (states, model) =>
          external(pooled(states, model), (vectors) => lossOf(vectors, examples, model.config.hidden_size)),
      },
    }),
    evaluate: (model, examples, call) => measured([], examples, () => evaluate(model, examples, call)),
    pooled: metricsOf,
    inWords: ({ metrics: { spearman, accuracy } }) =>
      spearman === undefined ? `accuracy ${(100 * accuracy!).toFixed(2)} %` : `Spearman ${spearman.toFixed(4)}`,
  };
}

type Examples = readonly Example<Similarity>[];

function vectorLoss({ loss }: TaskColumns, isScored: boolean) {
  const names = isScored ? ["cosent", "cosine"] : ["in-batch-negatives"];
  const name = loss ?? names[0]!;
  if (!names.includes(name))
    throw new ConfigError(`loss is ${JSON.stringify(name)}; these columns go with ${names.join(" or ")}`);
  return (vectors: Float32Array, examples: Examples, width: number): ValueWithGradient => {
    if (name === "in-batch-negatives") return inBatchNegatives(vectors, examples[0]!.sequences.length, width);
    const labels = examples.map((example) => example.label!);
    return (name === "cosent" ? cosent : cosineError)(vectors, labels, width);
  };
}

/** The vectors of a batch's texts, `[texts, C]`, with gradients. */
const pooled = ({ hidden, batch }: BatchStates, model: Model): Tensor => trainablePooling(model)(hidden, batch);

function checked(model: RoFormer<"base">): RoFormer<"base"> {
  trainablePooling(model); // refuses what cannot be trained
  return model;
}

/** The model as a sentence-transformers model, whose vectors are the means of the token states. */
const withMeanPooling = (model: RoFormer<"base">): RoFormer<"base"> =>
  model.withSentences(meanSentenceModel(model.config.hidden_size, model.trainedLength));

function encode(
  rows: readonly Row[],
  columns: readonly string[],
  label: string | undefined,
  model: Model,
  maxLength: number,
): Example<Similarity>[] {
  const labels = rows.map((row) => (label === undefined ? null : readNumber(row, label)));
  const lowerCase = model.sentences?.lowerCase ?? false;
  const texts = rows.flatMap((row) => columns.map((column) => textOf(row, column)));
  const cased = lowerCase ? texts.map((text) => model.tokenizer!.lowerCase(text)) : texts;
  const where = (i: number) => placeOf(rows[Math.floor(i / columns.length)]!);
  const sequences = encodeTexts("embed", model as ReadyModel, cased, { maxLength, where });
  return labels.map((own, i) => ({
    sequences: sequences.slice(i * columns.length, (i + 1) * columns.length),
    label: own,
  }));
}

async function evaluate(
  model: Model,
  examples: Examples,
  { signal, onProgress }: EvaluationCall = {},
): Promise<Detailed<EmbeddingScores>> {
  const job = {
    ...vectorsOf.prepare(model as ReadyModel, ["-"], {}),
    sequences: examples.flatMap(({ sequences }) => sequences),
  };
  const vectors = (await run(model, { what: "evaluate", job, options: { signal, onProgress } })) as Float32Array[];
  return { problem: "sentence_similarity", ...scored(vectors.map(prepare), examples) };
}

const { prepare, compare: cosine } = similarityOf("evaluate", "cosine");

/** What is known of the pairs or triplets. */
interface Scored {
  readonly metrics: EmbeddingMetrics;
  readonly details: Details;
}

/** `vectors`: one per text, of length 1. */
function scored(vectors: readonly ArrayLike<number>[], examples: Examples): Scored {
  const size = examples[0]!.sequences.length;
  const text = (i: number, place: number) => vectors[i * size + place]!;
  if (examples[0]!.label !== null) {
    const labels = examples.map(({ label }) => label!);
    return similarities(
      examples.map((_, i) => cosine(text(i, 0), text(i, 1))),
      labels,
    );
  }
  if (size === 3) {
    const rows = examples.map((_, i): RowPrediction => {
      const margin = cosine(text(i, 0), text(i, 1)) - cosine(text(i, 0), text(i, 2));
      const isRight = margin > 0;
      return { predicted: isRight ? "positive" : "negative", score: margin, loss: 1 - margin, isRight };
    });
    const { details } = rightOf(rows);
    return { metrics: tripletMetrics(rows), details };
  }
  // The right text once more, of another row, is as right.
  const right = examples.map(({ sequences }) => Array.from(sequences[1]!.ids).join());
  const ranks = examples.map((_, i) => {
    const own = cosine(text(i, 0), text(i, 1));
    const isBefore = (j: number) => right[j] !== right[i] && cosine(text(i, 0), text(j, 1)) >= own;
    return examples.filter((_, j) => isBefore(j)).length + 1;
  });
  const rows = ranks.map(
    (rank): RowPrediction => ({
      ...{ predicted: `rank ${rank}`, score: 1 / rank, loss: 1 - 1 / rank, isRight: rank === 1 },
    }),
  );
  const { details } = rightOf(rows);
  return { metrics: rankMetrics(ranks), details: { ...details, judged: () => ranks } };
}

const tripletMetrics = (rows: readonly RowPrediction[]): EmbeddingMetrics => ({
  n: rows.length,
  accuracy: rightOf(rows).metrics.accuracy,
});

const rankMetrics = (ranks: readonly number[]): EmbeddingMetrics => ({
  n: ranks.length,
  accuracy: ranks.filter((rank) => rank === 1).length / ranks.length,
  mrr10: ranks.reduce((sum, rank) => sum + (rank <= 10 ? 1 / rank : 0), 0) / ranks.length,
});

type Similar = readonly [cosine: number, label: number];

/** The metrics of ranks, of scored pairs, or of triplets. */
function metricsOf(judged: readonly unknown[]): EmbeddingMetrics {
  if (typeof judged[0] === "number") return rankMetrics(judged as readonly number[]);
  return Array.isArray(judged[0])
    ? similarityMetrics(judged as readonly Similar[])
    : tripletMetrics(judged as readonly RowPrediction[]);
}

function similarityMetrics(rows: readonly Similar[]): EmbeddingMetrics {
  const [cosines, labels] = [rows.map(([own]) => own), rows.map(([, label]) => label)];
  return { n: rows.length, spearman: metrics.spearman(cosines, labels), pearson: metrics.pearson(cosines, labels) };
}

function similarities(cosines: readonly number[], labels: readonly number[]): Scored {
  const rows = cosines.map((own, i): Similar => [own, labels[i]!]);
  return {
    metrics: similarityMetrics(rows),
    details: {
      judged: () => rows,
      main: { metric: "spearman", of: (rows) => metrics.spearman(drawn(cosines, rows), drawn(labels, rows)) },
      // Cosines and labels have different scales: what is compared is their order.
      predictions: () => {
        const [found, wanted] = [ranks(cosines), ranks(labels)];
        const misplaced = (i: number) => Math.abs(found[i]! - wanted[i]!) / Math.max(1, cosines.length - 1);
        return cosines.map((own, i) => ({
          ...{ predicted: String(own), score: own, loss: misplaced(i), isRight: misplaced(i) === 0 },
        }));
      },
    },
  };
}
