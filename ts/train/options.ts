import type { FileOptions } from "../data/rows.js";
import type { Names } from "../options.js";
import type { CorpusOptions } from "./corpus.js";
import type { Columns, TextSource } from "./examples.js";
import { FINETUNE_SETTINGS, type FinetuneSettings } from "./settings/finetune.js";
import { PRETRAIN_SETTINGS, type PretrainSettings } from "./settings/pretrain.js";
import { type Settings, whole } from "./settings/rules.js";
import { RUN, type RunOptions, type WhenAborted } from "./settings/run.js";

/** Settings of `finetune`. */
export interface FinetuneOptions extends FinetuneSettings, Columns, FileOptions, RunOptions {
  /** Labelled texts to train on. */
  readonly train: TextSource;
  /**
   * Labelled texts that choose the best epoch.
   * @default a tenth of the training texts
   */
  readonly valid?: TextSource | undefined;
  /**
   * Labelled texts that score the result.
   * @default none
   */
  readonly test?: TextSource | undefined;
  /** Name of the column of labels. */
  readonly label: string;
}

/** Settings of `pretrain`. */
export interface PretrainOptions extends PretrainSettings, CorpusOptions, RunOptions {
  /** "clm": guess each token from those before it; "mlm": guess hidden ones from all others. */
  readonly objective: "clm" | "mlm";
  /**
   * Text that is scored and not trained on.
   * @default the last twentieth of `data`
   */
  readonly valid?: CorpusOptions["data"] | undefined;
}

/** Settings of `evaluate`. */
export interface EvaluateOptions extends Columns, FileOptions {
  /** The labelled texts. */
  readonly data: TextSource;
  /** Name of the column of labels. */
  readonly label: string;
  /**
   * What parts the labels of a text, of a model of several: a character, or several. Default: none; the column holds JSON lists, or one
   * label.
   */
  readonly labelSeparator?: string | undefined;
  /** Tokens a text is cut to. Default: what the model was trained with. */
  readonly maxLength?: number | undefined;
  /** Ends the work between two batches with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** Hears how many texts are done. */
  readonly onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
}

/** The settings of {@link EvaluateOptions} that are numbers. */
export const EVALUATE_SETTINGS = {
  maxLength: {
    ...{ rule: whole(3), unit: "tokens", help: "Tokens a text is cut to, special ones included" },
    usually: "what the model was trained with",
  },
} as const satisfies Settings<Pick<EvaluateOptions, "maxLength">>;

// Tables that nobody uses are left out of bundles; spread syntax would keep them.

/** The names of {@link FinetuneOptions}. */
export const FINETUNE: Names<FinetuneOptions & WhenAborted> = /* @__PURE__ */ Object.assign(
  {
    ...{ train: true, valid: true, test: true, text: true, textPair: true, label: true },
    ...{ format: true, separator: true, quoted: true },
  },
  FINETUNE_SETTINGS,
  RUN,
);

/** The names of {@link PretrainOptions}. */
export const PRETRAIN: Names<PretrainOptions & WhenAborted> = /* @__PURE__ */ Object.assign(
  {
    ...{ objective: true, data: true, valid: true, text: true, tokenizer: true },
    ...{ format: true, separator: true, quoted: true },
  },
  PRETRAIN_SETTINGS,
  RUN,
);

/** The names of {@link EvaluateOptions}. */
export const EVALUATE: Names<EvaluateOptions> = {
  ...{ data: true, text: true, textPair: true, label: true, format: true, separator: true, quoted: true },
  ...{ labelSeparator: true, maxLength: true, signal: true, onProgress: true },
};
