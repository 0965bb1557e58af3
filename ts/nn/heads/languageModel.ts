import { countLabels, IGNORED, linearCrossEntropy } from "../../ops/crossEntropy.js";
import { gatherRows } from "../../ops/embedding.js";
import { linear } from "../../ops/gemm.js";
import { scope } from "../../tensor/scope.js";
import { integers, type Tensor } from "../../tensor/tensor.js";
import { LayerNorm } from "../layerNorm.js";
import { Linear } from "../linear.js";
import type { Packed, PackedBatch } from "../packed.js";
import type { Head, HeadOptions, Targets } from "./head.js";
import { tokenLabels } from "./tokenLabels.js";

/** The label that each token's logits are held against, `[N]`, from the tokens' labels. */
type Aim = (labels: Int32Array, packed: Packed) => Int32Array;

/** t = LayerNorm(act(W h + b)), `[N, E]`; logits = t · wordsᵀ + bias, `[N, V]`. */
export class LanguageModel implements Head {
  private readonly options: HeadOptions;
  private readonly aim: Aim;
  private readonly transform: Linear;
  private readonly norm: LayerNorm;
  private readonly decoder: Tensor;
  private readonly bias: Tensor;

  constructor(options: HeadOptions, aim: Aim) {
    const { params: root, width, words, eps, tied, bias, names } = options;
    const [V, E] = words.shape as [number, number];
    const own = names.languageModel;
    this.options = options;
    this.aim = aim;
    this.transform = new Linear(root.at(own.dense), width, E, bias);
    this.norm = new LayerNorm(root.at(own.norm), E, eps, bias);
    this.decoder = tied ? words : root.at(own.decoder).matrix("weight", [V, E]);
    this.bias = root.constant(own.bias, [V], 0);
  }

  /** t, `[N, E]`. */
  private transformed(hidden: Tensor): Tensor {
    return this.norm.forward(this.transform.forward(hidden, this.options.activation));
  }

  forward(hidden: Tensor) {
    const logits = scope(() => linear(this.transformed(hidden), this.decoder, this.bias));
    return { logits: { tensor: logits, rows: "tokens" as const } };
  }

  count({ tokens = new Int32Array(0) }: Targets, packed: Packed): number[] {
    return [countLabels(this.aim(tokens, packed))];
  }

  /** Only tokens with a label are decoded: 15 % of them in BERT's pre-training. Their logits are never in memory together. */
  loss(hidden: Tensor, { packed }: PackedBatch, targets: Targets, counts?: readonly number[]): Tensor {
    const labels = this.aim(tokenLabels(targets, packed), packed);
    const rows = Int32Array.from(labels.keys()).filter((row) => labels[row] !== IGNORED);
    const chosen = rows.length === labels.length ? hidden : gatherRows(hidden, integers(rows));
    const chosenLabels = Int32Array.from(rows, (row) => labels[row]!);
    return linearCrossEntropy(this.transformed(chosen), this.decoder, this.bias, chosenLabels, {
      labelSmoothing: targets.labelSmoothing,
      numItemsInBatch: counts?.[0],
    });
  }
}
