import { ShapeError } from "../../errors.js";
import { countLabels, crossEntropy } from "../../ops/crossEntropy.js";
import { gatherRows } from "../../ops/embedding.js";
import { add, reshape, scale } from "../../ops/reduce.js";
import { integers, type Tensor, tensor } from "../../tensor/tensor.js";
import { Linear } from "../linear.js";
import type { PackedBatch } from "../packed.js";
import type { Head, HeadFactory, HeadOptions, Targets, TokenScorerFactory } from "./head.js";

/** Added to what is not a token, so that a softmax gives it exactly 0. */
const NEVER = -1e30;

/** RoFormer's and BERT's: a linear layer. */
export const plainSpans: TokenScorerFactory = ({ params, width }, outputs) => {
  const layer = new Linear(params.at("qa_outputs"), width, outputs);
  return (hidden) => layer.forward(hidden);
};

class QuestionAnswerer implements Head {
  private readonly outputs: ReturnType<TokenScorerFactory>;

  constructor(options: HeadOptions) {
    this.outputs = options.spanFinder(options, 2);
  }

  /** Start and end of each token, one after the other: `[2N, 1]`. */
  private logits(hidden: Tensor): Tensor {
    return reshape(this.outputs(hidden), [2 * hidden.shape[0]!, 1]);
  }

  forward(hidden: Tensor) {
    const [N] = hidden.shape as [number];
    const logits = this.logits(hidden);
    const every = (which: number) => {
      const column = gatherRows(logits, integers(Int32Array.from({ length: N }, (_, n) => 2 * n + which)));
      return { tensor: reshape(column, [N]), rows: "tokens" as const };
    };
    return { startLogits: every(0), endLogits: every(1) };
  }

  count({ spans }: Targets): number[] {
    return [spans?.starts ?? [], spans?.ends ?? []].map(countLabels);
  }

  loss(hidden: Tensor, batch: PackedBatch, { spans }: Targets, counts?: readonly number[]): Tensor {
    const { starts = new Int32Array(0), ends = new Int32Array(0) } = spans ?? {};
    for (const [name, { length }] of Object.entries({ starts, ends })) {
      if (length !== batch.sequences)
        throw new ShapeError(`spans: ${name}`, length, `one for each of ${batch.sequences} sequences`);
    }
    const logits = this.logits(hidden);
    const loss = (which: number, labels: Int32Array) =>
      crossEntropy(bySequence(logits, batch, which), labels, { numItemsInBatch: counts?.[which] });
    return scale(add(loss(0, starts), loss(1, ends)), 0.5);
  }
}

/** The start logits (`which` 0) or end logits (1) of each sequence in a row of its own, `[B, longest]`. */
function bySequence(logits: Tensor, { packed, sequences }: PackedBatch, which: number): Tensor {
  const bounds = packed.offsets;
  const longest = bounds.reduce((most, end, b) => Math.max(most, b === 0 ? 1 : end - bounds[b - 1]!), 1);
  const cells = new Int32Array(sequences * longest);
  const never = new Float32Array(cells.length).fill(NEVER);
  for (let b = 0; b < sequences; b++) {
    for (let t = 0; t < bounds[b + 1]! - bounds[b]!; t++) {
      cells[b * longest + t] = 2 * (bounds[b]! + t) + which;
      never[b * longest + t] = 0;
    }
  }
  const shape = [sequences, longest];
  return add(reshape(gatherRows(logits, integers(cells)), shape), tensor(never, shape));
}

/**
 * Finds the tokens at which an answer begins and ends (SQuAD). The loss is the mean of two cross-entropies over the tokens of a
 * sequence, padding left out; a position beyond them is ignored.
 */
export const questionAnswering: HeadFactory = {
  architecture: "ForQuestionAnswering",
  labels: "spans",
  create: (options) => new QuestionAnswerer(options),
};
