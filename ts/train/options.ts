import type { Names } from "../options.js";
import type { ArchitectureSettings } from "./architecture.js";
import type { EvaluateOptions } from "./evaluate.js";
import type { FinetuneOptions } from "./finetune.js";
import type { PretrainOptions } from "./pretrain.js";
import type { RunOptions } from "./run.js";
import type { OptimizationSettings } from "./trainer.js";

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
