import type { FileOptions } from "../data/rows.js";
import type { FileSource } from "../io/files.js";
import type { Names } from "../options.js";
import type { ArchitectureSettings } from "./architecture.js";
import type { CorpusOptions } from "./corpus.js";
import type { Columns, TextSource } from "./examples.js";
import type { RunOptions } from "./run.js";
import type { FinetuneSettings } from "./settings.js";
import type { OptimizationSettings } from "./step.js";

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

/** What may be set about a pre-training run. */
export interface PretrainSettings extends ArchitectureSettings, OptimizationSettings {
  /**
   * "char" and "byte": pieces are the characters of the text, or bytes; else a tokenizer's file or folder. Unless given, "char" for
   * "clm", and a WordPiece vocabulary of the text for "mlm".
   */
  readonly tokenizer?: FileSource | undefined;
  /** Entries of the WordPiece vocabulary; 8000 unless given. */
  readonly vocabSize?: number | undefined;
  /**
   * Tokens of a window.
   * @default 256
   */
  readonly maxLength?: number | undefined;
  /**
   * Steps in all.
   * @default 1000
   */
  readonly steps?: number | undefined;
  /**
   * Windows a step.
   * @default 16
   */
  readonly batch?: number | undefined;
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
  /**
   * Steps between two looks at the held-out text.
   * @default a tenth of all
   */
  readonly evalEvery?: number | undefined;
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

// Tables that nobody uses are left out of bundles, which spread syntax would keep.

const ARCHITECTURE: Names<ArchitectureSettings> = {
  attention: true,
  rotation: true,
  numRandomFeatures: true,
  position: true,
  layers: true,
  width: true,
  heads: true,
  ffn: true,
  dropout: true,
};

const OPTIMIZATION: Names<OptimizationSettings> = {
  lr: true,
  warmup: true,
  weightDecay: true,
  maxGradNorm: true,
  recompute: true,
  featureRedrawInterval: true,
  seed: true,
};

const RUN: Names<RunOptions> = {
  init: true,
  out: true,
  signal: true,
  whenAborted: true,
  onProgress: true,
  onMessage: true,
};

/** The names of {@link FinetuneOptions}. */
export const FINETUNE: Names<FinetuneOptions> = /* @__PURE__ */ Object.assign(
  {
    ...{
      train: true,
      valid: true,
      test: true,
      text: true,
      textPair: true,
      label: true,
      format: true,
      separator: true,
      quoted: true,
    },
    ...{ epochs: true, steps: true, batch: true, maxLength: true, vocabSize: true, maskRate: true },
  },
  OPTIMIZATION,
  ARCHITECTURE,
  RUN,
);

/** The names of {@link PretrainOptions}. */
export const PRETRAIN: Names<PretrainOptions> = /* @__PURE__ */ Object.assign(
  {
    ...{
      objective: true,
      data: true,
      valid: true,
      text: true,
      format: true,
      separator: true,
      quoted: true,
      tokenizer: true,
    },
    ...{ steps: true, batch: true, maxLength: true, vocabSize: true, evalEvery: true },
  },
  OPTIMIZATION,
  ARCHITECTURE,
  RUN,
);

/** The names of {@link EvaluateOptions}. */
export const EVALUATE: Names<EvaluateOptions> = {
  ...{ data: true, text: true, textPair: true, label: true, format: true, separator: true, quoted: true },
  ...{ labelSeparator: true, maxLength: true, signal: true, onProgress: true },
};
