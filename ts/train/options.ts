import type { GlueName } from "../data/glue.js";
import type { FileOptions } from "../data/rows.js";
import type { LoraSettings } from "../models/lora/settings.js";
import type { Names } from "../options.js";
import type { TextSource } from "./examples.js";
import { FINETUNE_SETTINGS, type FinetuneSettings } from "./settings/finetune.js";
import { PRETRAIN_SETTINGS, type PretrainSettings } from "./settings/pretrain.js";
import { type Settings, share, whole } from "./settings/rules.js";
import { RUN, type RunOptions, type WhenAborted } from "./settings/run.js";
import { COLUMNS, type TaskColumns } from "./tasks/columns.js";
import type { TaskName } from "./tasks/index.js";
import type { EvaluationCall } from "./tasks/task.js";
import type { CorpusOptions } from "./text/options.js";

/** Settings of `finetune`. */
export interface FinetuneOptions<T extends TaskName = "classify">
  extends FinetuneSettings,
    TaskColumns,
    FileOptions,
    RunOptions {
  /**
   * What is trained: "classify", "regress", "multilabel", "tag", "span", "choose", "pairrank" or "embed".
   * @default what columns, format and labels ask for, else "classify"
   */
  readonly task?: T | undefined;
  /**
   * A GLUE task by Hugging Face's name, instead of files and columns: its training rows are trained on, a tenth of them chooses the best
   * epoch, and its validation rows score the result.
   */
  readonly glue?: GlueName | undefined;
  /** The folder with GLUE's official files. */
  readonly data?: string | undefined;
  /**
   * Trains low-rank adapters of linear layers and the head alone (LoRA), with these settings: the result is saved as a PEFT adapter folder.
   * @default no adapters
   */
  readonly lora?: LoraSettings | undefined;
  /** Labeled rows to train on. */
  readonly train?: TextSource | undefined;
  /**
   * Labeled rows that choose the best epoch.
   * @default a tenth of the training rows
   */
  readonly valid?: TextSource | undefined;
  /**
   * Labeled rows that score the result.
   * @default none
   */
  readonly test?: TextSource | undefined;
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
export interface EvaluateOptions extends TaskColumns, FileOptions, EvaluationCall {
  /**
   * What the model is asked.
   * @default what its head and its `problem_type` say
   */
  readonly task?: TaskName | undefined;
  /** The labeled rows; for `glue` the folder with the official files. */
  readonly data: TextSource;
  /** A GLUE task by Hugging Face's name, whose validation rows are scored. */
  readonly glue?: GlueName | undefined;
  /**
   * Tokens a text is cut to, special ones included.
   * @default what the model was trained with
   */
  readonly maxLength?: number | undefined;
  /**
   * Probability from which one of two classes, or each of several labels per text, is predicted.
   * @default the model's own thresholds, else the most likely class, or labels from 0.5 on
   */
  readonly threshold?: number | undefined;
}

/** The settings of {@link EvaluateOptions} that are numbers. */
export const EVALUATE_SETTINGS = {
  maxLength: {
    ...{ rule: whole(3), unit: "tokens", help: "Tokens a text is cut to, special ones included" },
    usually: "what the model was trained with",
  },
  threshold: {
    ...{ rule: share, unit: "number" },
    help: "Probability from which one of two classes, or each of several labels per text, is predicted",
    usually: "the model's own thresholds, else the most likely class, or labels from 0.5 on",
  },
} as const satisfies Settings<Pick<EvaluateOptions, "maxLength" | "threshold">>;

// Tables that nobody uses are left out of bundles; spread syntax would keep them.

/** The names of {@link FinetuneOptions}. */
export const FINETUNE: Names<FinetuneOptions<TaskName> & WhenAborted> = /* @__PURE__ */ Object.assign(
  {
    ...{
      task: true,
      glue: true,
      data: true,
      lora: true,
      train: true,
      valid: true,
      test: true,
      format: true,
      separator: true,
      quoted: true,
    },
  },
  COLUMNS,
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
export const EVALUATE: Names<EvaluateOptions> = /* @__PURE__ */ Object.assign(
  {
    ...{ task: true, data: true, glue: true, format: true, separator: true, quoted: true },
    ...{ maxLength: true, threshold: true, signal: true, onProgress: true },
  },
  COLUMNS,
);
