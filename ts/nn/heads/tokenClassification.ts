import { ConfigError } from "../../errors.js";
import { countLabels, crossEntropy } from "../../ops/crossEntropy.js";
import type { Tensor } from "../../tensor/tensor.js";
import { Dropout } from "../dropout.js";
import { Linear } from "../linear.js";
import type { PackedBatch } from "../packed.js";
import { classLabels } from "./classLabels.js";
import type { Head, HeadFactory, HeadOptions, Targets, TokenScorerFactory } from "./head.js";
import { tokenLabels } from "./tokenLabels.js";

/** RoFormer's and BERT's: dropout and a linear layer. */
export const droppedTokens: TokenScorerFactory = ({ params, width, dropout }, outputs) => {
  const drop = new Dropout(params, dropout);
  const classifier = new Linear(params.at("classifier"), width, outputs);
  return (hidden) => classifier.forward(drop.forward(hidden));
};

class TokenClassifier implements Head {
  private readonly labels: number;
  private readonly logits: ReturnType<TokenScorerFactory>;

  constructor(options: HeadOptions) {
    const { labels } = options;
    if (labels < 1) throw new ConfigError("a classifier needs num_labels ≥ 1");
    this.labels = labels;
    this.logits = options.tokenClassifier(options, labels);
  }

  forward(hidden: Tensor) {
    return { logits: { tensor: this.logits(hidden), rows: "tokens" as const } };
  }

  count({ tokens = new Int32Array(0) }: Targets): number[] {
    return [countLabels(tokens)];
  }

  loss(hidden: Tensor, { packed }: PackedBatch, targets: Targets, counts?: readonly number[]): Tensor {
    const labels = classLabels(tokenLabels(targets, packed), this.labels, "label of token");
    const { labelSmoothing } = targets;
    return crossEntropy(this.logits(hidden), labels, { labelSmoothing, numItemsInBatch: counts?.[0] });
  }
}

/** Classifies every token: names, parts of speech. Labels are classes; −100 is ignored. */
export const tokenClassification: HeadFactory = {
  architecture: "ForTokenClassification",
  labels: "tokens",
  create: (options) => new TokenClassifier(options),
};
