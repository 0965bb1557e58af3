import { ConfigError, ShapeError } from "../../errors.js";
import { countLabels, crossEntropy } from "../../ops/crossEntropy.js";
import { binaryCrossEntropy, squaredError } from "../../ops/losses.js";
import { type Tensor, tensor } from "../../tensor/tensor.js";
import { Dropout } from "../dropout.js";
import { Linear } from "../linear.js";
import type { PackedBatch } from "../packed.js";
import { firstStates, Pooler } from "../pooler.js";
import { classLabels } from "./classLabels.js";
import type { Head, HeadFactory, HeadOptions, ProblemType, ScorerFactory, Targets } from "./head.js";

/** RoFormer's classifier: dropout, dense, activation, dropout, out_proj. */
export const denseClassifier: ScorerFactory = ({ params, width, labels, dropout, activation }) => {
  const inner = params.at("classifier");
  const [before, after] = [new Dropout(params, dropout, "sequences"), new Dropout(params, dropout, "sequences")];
  const dense = new Linear(inner.at("dense"), width, width);
  const out = new Linear(inner.at("out_proj"), width, labels);
  return (hidden, batch) =>
    out.forward(after.forward(dense.forward(before.forward(firstStates(hidden, batch)), activation)));
};

/** BERT's classifier: a pooler with tanh, dropout, a dense layer. */
export const pooledClassifier: ScorerFactory = ({ params, encoder, names, width, labels, dropout }) => {
  const pooler = new Pooler(encoder.at(names.pooler), width, "tanh");
  const drop = new Dropout(params, dropout, "sequences");
  const out = new Linear(params.at("classifier"), width, labels);
  return (hidden, batch) => out.forward(drop.forward(pooler.forward(hidden, batch)));
};

/** The loss of each kind of problem: mean over sequences, or over all cells. */
const losses: Record<ProblemType, (logits: Tensor, labels: number[][], count?: number) => Tensor> = {
  single_label_classification: (logits, labels, numItemsInBatch) =>
    crossEntropy(logits, classLabels(labels.flat(), logits.shape[1]!, "label of sequence"), { numItemsInBatch }),
  multi_label_classification: (logits, labels, count) => binaryCrossEntropy(logits, cells(logits, labels), count),
  regression: (logits, labels, count) => squaredError(logits, cells(logits, labels), count),
};

function cells(logits: Tensor, labels: number[][]): Tensor {
  const [, L] = logits.shape as [number, number];
  const wrong = labels.findIndex((row) => row.length !== L);
  if (wrong >= 0) throw new ShapeError(`labels of sequence ${wrong}`, labels[wrong]!, `${L} numbers`);
  return tensor(labels.flat(), logits.shape);
}

class SequenceClassifier implements Head {
  private readonly problem: ProblemType | undefined;
  private readonly logits: ReturnType<ScorerFactory>;

  constructor(options: HeadOptions) {
    if (options.labels < 1) throw new ConfigError("a classifier needs num_labels ≥ 1");
    this.problem = options.problem ?? (options.labels === 1 ? "regression" : undefined);
    this.logits = options.classifier(options);
  }

  forward(hidden: Tensor, batch: PackedBatch) {
    return { logits: { tensor: this.logits(hidden, batch), rows: "sequences" as const } };
  }

  private problemOf(sequences: NonNullable<Targets["sequences"]>): ProblemType {
    const lists = sequences.some((label) => typeof label !== "number");
    return this.problem ?? (lists ? "multi_label_classification" : "single_label_classification");
  }

  count({ sequences = [] }: Targets): number[] {
    const labels = sequences.flat();
    return [this.problemOf(sequences) === "single_label_classification" ? countLabels(labels) : labels.length];
  }

  loss(hidden: Tensor, batch: PackedBatch, { sequences = [] }: Targets, counts?: readonly number[]): Tensor {
    if (sequences.length !== batch.sequences) {
      throw new ShapeError("labels", sequences.length, `one for each of ${batch.sequences} sequences`);
    }
    const labels = sequences.map((label) => (typeof label === "number" ? [label] : [...label]));
    return losses[this.problemOf(sequences)](this.logits(hidden, batch), labels, counts?.[0]);
  }
}

/** Classifies sequences by their first token. Several labels or values a sequence: see `problem_type`. */
export const sequenceClassification: HeadFactory = {
  architecture: "ForSequenceClassification",
  labels: "sequences",
  create: (options) => new SequenceClassifier(options),
};
