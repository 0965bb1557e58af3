import { ShapeError } from "../../errors.js";
import { countLabels, crossEntropy } from "../../ops/crossEntropy.js";
import { reshape } from "../../ops/reduce.js";
import type { Tensor } from "../../tensor/tensor.js";
import { Linear } from "../linear.js";
import type { PackedBatch } from "../packed.js";
import { classLabels } from "./classLabels.js";
import type { Head, HeadFactory, HeadOptions, ScorerFactory, Targets } from "./head.js";
import { pooledClassifier } from "./sequenceClassification.js";
import { SequenceSummary } from "./summary.js";

/** RoFormer's: a summary, then one number. */
export const summaryChooser: ScorerFactory = ({ params, width, labels, summary }) => {
  const vector = new SequenceSummary(params.at("sequence_summary"), width, labels, summary);
  const score = new Linear(params.at("classifier"), width, 1);
  return (hidden, batch) => score.forward(vector.forward(hidden, batch));
};

/** BERT's: a classifier with one number. */
export const pooledChooser: ScorerFactory = (options) => pooledClassifier({ ...options, labels: 1 });

class MultipleChoice implements Head {
  private readonly score: ReturnType<ScorerFactory>;

  constructor(options: HeadOptions) {
    this.score = options.chooser(options);
  }

  /** `[questions, choices]` */
  private logits(hidden: Tensor, batch: PackedBatch): Tensor {
    const { sequences, choices } = batch;
    if (sequences % choices !== 0)
      throw new ShapeError("number of sequences", sequences, `a multiple of ${choices} choices`);
    return reshape(this.score(hidden, batch), [sequences / choices, choices]);
  }

  forward(hidden: Tensor, batch: PackedBatch) {
    return { logits: { tensor: this.logits(hidden, batch), rows: "sequences" as const } };
  }

  count({ sequences = [] }: Targets): number[] {
    return [countLabels(sequences as readonly number[])];
  }

  loss(hidden: Tensor, batch: PackedBatch, { sequences = [] }: Targets, counts?: readonly number[]): Tensor {
    const logits = this.logits(hidden, batch);
    const [questions, choices] = logits.shape as [number, number];
    if (sequences.length !== questions)
      throw new ShapeError("labels", sequences.length, `one for each of ${questions} questions`);
    const labels = classLabels(sequences as readonly number[], choices, "label of question");
    return crossEntropy(logits, labels, { numItemsInBatch: counts?.[0] });
  }
}

/** Says which of several sequences is right (SWAG, RACE). Inputs are `[B][choices][T]`, labels the numbers of the right ones. */
export const multipleChoice: HeadFactory = {
  architecture: "ForMultipleChoice",
  labels: "sequences",
  choices: true,
  create: (options) => new MultipleChoice(options),
};
