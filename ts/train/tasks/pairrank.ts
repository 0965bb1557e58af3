import { placeOf, type Row, textOf } from "../../data/values.js";
import { ConfigError } from "../../errors.js";
import type { RoFormerConfig } from "../../models/config.js";
import { labelNames } from "../../models/config.js";
import type { Model } from "../../models/model.js";
import type { ReadyModel } from "../../pipelines/pipeline.js";
import { encodeTexts } from "../../pipelines/texts.js";
import { type ColumnNames, columnsOf, type TaskColumns } from "./columns.js";
import type { Detailed, RowPrediction } from "./details.js";
import { judged, measured, rightOf } from "./judge.js";
import { binaryCrossEntropyOf } from "./losses.js";
import { labelFields, problemTypeOf } from "./problemType.js";
import { packSequences } from "./sequences.js";
import type { EvaluationCall, Example, Task, TaskKind } from "./task.js";

/** How well a model ranks. */
export interface RankMetrics {
  /** Triplets. */
  readonly n: number;
  /** Mean binary cross-entropy over both pairs of each triplet, in nats. */
  readonly loss: number;
  /** Share of the triplets whose positive is scored higher than its negative, 0 … 1. */
  readonly accuracy: number;
}

/** Metrics of a ranking. */
export interface RankScores {
  /** The kind of the model's problem. */
  readonly problem: "pair_ranking";
  /** The scores. */
  readonly metrics: RankMetrics;
}

/** The name of the model's one output. */
const LABELS = ["similar"];
const NAMES: ColumnNames = { texts: ["anchor", "positive", "negative"], others: [] };

/**
 * Which of two texts is more similar to a third (Su et al. 2021, §4.5, CAIL2019-SCM): the model scores pairs, and is trained to say 1
 * for the positive and 0 for the negative.
 */
export const pairrank: TaskKind<null, RankScores, "sequence-classification"> = {
  head: "sequence-classification",
  columns: NAMES,
  learn: (_, options) => ranker(options),
  ofModel(config, options) {
    if (isRanker(config)) return ranker(options);
    throw new ConfigError(`pairrank needs a model with one output, and this one has ${labelNames(config).length}`);
  },
};

const isRanker = (config: RoFormerConfig): boolean =>
  labelNames(config).length === 1 && problemTypeOf(config) === "multi_label_classification";

function ranker(options: TaskColumns): Task<null, RankScores, "sequence-classification"> {
  const { texts } = columnsOf(NAMES, options);
  const read = (row: Row) => texts.map((column) => textOf(row, column)) as [string, string, string];
  return {
    head: "sequence-classification",
    labels: LABELS,
    fields: labelFields("multi_label_classification", LABELS),
    metric: "accuracy",
    forModel: (config) => (isRanker(config) ? ranker(options) : undefined),
    texts: read,
    sequences(row) {
      const [anchor, ...others] = read(row);
      return others.map((other) => [anchor, other]);
    },
    stratum: () => "",
    encode(rows, model, maxLength) {
      const all = rows.map(read);
      const anchors = all.flatMap(([anchor]) => [anchor, anchor]);
      const pairs = all.flatMap(([, positive, negative]) => [positive, negative]);
      const where = (i: number) => placeOf(rows[i >> 1]!);
      const sequences = encodeTexts("pairrank", model as ReadyModel, anchors, { pairs, maxLength, where });
      return rows.map((_, i) => ({ sequences: sequences.slice(2 * i, 2 * i + 2), label: null }));
    },
    batch: (examples) => ({
      packed: packSequences(examples.flatMap(({ sequences }) => sequences)),
      targets: { sequences: examples.flatMap(() => [[1], [0]]) },
    }),
    evaluate: (model, examples, call) => measured(LABELS, examples, () => evaluate(model, examples, call)),
    pooled: (judged) => rightOf(judged as readonly RowPrediction[]).metrics,
    inWords: ({ metrics: { accuracy, loss } }) => `accuracy ${(100 * accuracy).toFixed(2)} %, loss ${loss.toFixed(4)}`,
  };
}

async function evaluate(
  model: Model,
  examples: readonly Example<null>[],
  call: EvaluationCall | undefined,
): Promise<Detailed<RankScores>> {
  const scores = await judged(model, examples, call, (logits) => logits[0]!);
  const rows = examples.map((_, i): RowPrediction => {
    const own = [scores[2 * i]!, scores[2 * i + 1]!] as const;
    const isRight = own[0] > own[1];
    const predicted = isRight ? "positive" : "negative";
    return { predicted, score: own[0] - own[1], loss: binaryCrossEntropyOf(own, [1, 0]), isRight };
  });
  return { problem: "pair_ranking", ...rightOf(rows) };
}
