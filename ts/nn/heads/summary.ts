import { ConfigError } from "../../errors.js";
import { type ActivationName, activation } from "../../ops/activation.js";
import { gatherRows } from "../../ops/embedding.js";
import { meanRows } from "../../ops/reduce.js";
import { integers, type Tensor } from "../../tensor/tensor.js";
import { Dropout } from "../dropout.js";
import { Linear } from "../linear.js";
import type { PackedBatch } from "../packed.js";
import type { ParameterScope } from "../parameters.js";
import { firstStates } from "../pooler.js";

/** Ways to make one vector of a sequence (`summary_type`). */
export const SUMMARY_TYPES = ["last", "first", "mean", "cls_index"] as const satisfies readonly SummaryType[];

/**
 * A way to make one vector of a sequence (`summary_type`): its last token's, its first one's, the mean; `cls_index` is `last`.
 */
export type SummaryType = "last" | "first" | "mean" | "cls_index";

/** The `summary_…` fields of Hugging Face's configurations. */
export interface SummaryOptions {
  /** Which vector. */
  readonly type: SummaryType;
  /** Whether a linear layer follows (`summary_use_proj`). */
  readonly project: boolean;
  /** Whether it gives as many numbers as there are labels (`summary_proj_to_labels`). */
  readonly toLabels: boolean;
  /** Activation behind it (`summary_activation`); undefined: none. */
  readonly activation: ActivationName | undefined;
  /** Rate of dropout before it, 0 to 1 (`summary_first_dropout`). */
  readonly firstDropout: number;
  /** Rate of dropout behind it, 0 to 1 (`summary_last_dropout`). */
  readonly lastDropout: number;
}

/**
 * Hugging Face's SequenceSummary: a vector a sequence, `[B, C]`, from its last token (`cls_index` too, which no caller gives an
 * index), its first, or the mean of all. Padding is not a token here; Hugging Face's `last` and `mean` count it.
 */
export class SequenceSummary {
  private readonly type: SummaryOptions["type"];
  private readonly before: Dropout;
  private readonly after: Dropout;
  private readonly projection: Linear | undefined;
  private readonly activation: ActivationName;

  constructor(params: ParameterScope, width: number, labels: number, options: SummaryOptions) {
    const { type, project, toLabels, activation = "linear", firstDropout, lastDropout } = options;
    const outputs = toLabels ? labels : width;
    if (project && outputs !== width) {
      throw new ConfigError(
        `config: summary_proj_to_labels gives ${labels} numbers, but the classifier takes ${width}: set it to false`,
      );
    }
    this.type = type;
    this.before = new Dropout(params, firstDropout, "sequences");
    this.after = new Dropout(params, lastDropout, "sequences");
    this.projection = project ? new Linear(params.at("summary"), width, outputs) : undefined;
    this.activation = activation;
  }

  /** `[B, C]` from `hidden` `[N, C]`. */
  forward(hidden: Tensor, batch: PackedBatch): Tensor {
    const chosen = this.before.forward(this.choose(hidden, batch));
    const projected = this.projection?.forward(chosen) ?? chosen;
    return this.after.forward(activation(projected, this.activation));
  }

  private choose(hidden: Tensor, batch: PackedBatch): Tensor {
    if (this.type === "first") return firstStates(hidden, batch);
    if (this.type === "mean") return meanRows(hidden, batch.offsets);
    return gatherRows(hidden, integers(batch.lastTokens()));
  }
}
