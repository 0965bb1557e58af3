import type { ArchitectureSettings } from "./architecture.js";
import { ARCHITECTURE } from "./architecture.js";
import { LOSS, type LossSettings } from "./loss.js";
import { OPTIMIZATION, type OptimizationSettings, type ResolvedOptimization } from "./optimization.js";
import { flag, rate, type Settings, shareOrAuto, text, whole, withDefaults } from "./rules.js";

/** Settings of a fine-tuning run. What is not set follows from the data. */
export interface FinetuneSettings extends ArchitectureSettings, OptimizationSettings, LossSettings {
  /**
   * Entries of the vocabulary that is trained.
   * @default one per different word (ideograph, pair of kana or Thai characters), 1000 to 8000
   */
  readonly vocabSize?: number | undefined;
  /**
   * Tokens a text is cut to, special ones included.
   * @default fits 90 % of the texts, 16 to 256
   */
  readonly maxLength?: number | undefined;
  /**
   * Share of the tokens hidden behind `[MASK]` in training.
   * @default 0.15, with `init` 0
   */
  readonly maskRate?: number | undefined;
  /**
   * Passes over the training texts.
   * @default 3 to 40, at least 600 steps; with `init` 3
   */
  readonly epochs?: number | undefined;
  /**
   * Steps in all, instead of `epochs`.
   * @default what `epochs` takes
   */
  readonly steps?: number | undefined;
  /**
   * Texts per step.
   * @default 8 to 32, by the number of texts
   */
  readonly batch?: number | undefined;
  /**
   * Tokens per step, instead of `batch`.
   * @default what `batch` texts have
   */
  readonly batchTokens?: number | undefined;
  /**
   * Tokens to train on in all, instead of `epochs`.
   * @default what `epochs` takes
   */
  readonly tokens?: number | undefined;
  /**
   * Steps between two evaluations.
   * @default an epoch
   */
  readonly evalEvery?: number | undefined;
  /**
   * Evaluations without a better result after which training ends.
   * @default training does not end early
   */
  readonly patience?: number | undefined;
  /**
   * Metric by which the best epoch is chosen.
   * @default by the task: "accuracy" or, of skewed classes, "matthews"; "spearman", "microF1" or "f1"
   */
  readonly metric?: string | undefined;
  /**
   * Probability from which the second class of two, or each of several labels, is predicted; "auto" tunes it on the validation rows.
   * @default none: the most likely class, or labels from 0.5 on
   */
  readonly threshold?: number | "auto" | undefined;
  /**
   * Calibrates the probabilities of a classifier by a temperature that is fitted on the validation rows.
   * @default true
   */
  readonly calibrate?: boolean | undefined;
  /**
   * Trains a bag of words on the same rows and scores it beside a classifier, which should do better.
   * @default true
   */
  readonly bagOfWords?: boolean | undefined;
}

/** The table of {@link FinetuneSettings}. */
export const FINETUNE_SETTINGS = /* @__PURE__ */ Object.assign(
  {
    vocabSize: {
      ...{ rule: whole(8), unit: "number", help: "Entries of the vocabulary that is trained" },
      usually: "one per different word (ideograph, pair of kana or Thai characters), 1000 to 8000",
    },
    maxLength: {
      ...{ rule: whole(3), unit: "tokens", help: "Tokens a text is cut to, special ones included" },
      usually: "fits 90 % of the texts, 16 to 256",
    },
    maskRate: {
      ...{ rule: rate, unit: "rate", help: "Share of the tokens hidden behind `[MASK]` in training" },
      usually: "0.15, with `init` 0",
    },
    epochs: {
      ...{ rule: whole(1), unit: "number", help: "Passes over the training texts" },
      usually: "3 to 40, at least 600 steps; with `init` 3",
    },
    steps: {
      ...{ rule: whole(1), unit: "number", help: "Steps in all, instead of `epochs`", usually: "what `epochs` takes" },
    },
    batch: {
      ...{ rule: whole(1), unit: "texts", help: "Texts per step", usually: "8 to 32, by the number of texts" },
    },
    batchTokens: {
      ...{
        rule: whole(1),
        unit: "tokens",
        help: "Tokens per step, instead of `batch`",
        usually: "what `batch` texts have",
      },
    },
    tokens: {
      ...{ rule: whole(1), unit: "tokens", help: "Tokens to train on in all, instead of `epochs`" },
      usually: "what `epochs` takes",
    },
    evalEvery: {
      ...{ rule: whole(1), unit: "steps", help: "Steps between two evaluations", usually: "an epoch" },
    },
    patience: {
      ...{ rule: whole(1), unit: "number", usually: "training does not end early" },
      help: "Evaluations without a better result after which training ends",
    },
    metric: {
      ...{ rule: text, unit: "name", help: "Metric by which the best epoch is chosen" },
      usually: 'by the task: "accuracy" or, of skewed classes, "matthews"; "spearman", "microF1" or "f1"',
    },
    threshold: {
      ...{ rule: shareOrAuto, unit: "number|auto", usually: "none: the most likely class, or labels from 0.5 on" },
      help: 'Probability from which the second class of two, or each of several labels, is predicted; "auto" tunes it on the validation rows',
    },
    calibrate: {
      ...{ rule: flag, default: true, off: "Leaves the probabilities of a classifier as they were trained" },
      help: "Calibrates the probabilities of a classifier by a temperature that is fitted on the validation rows",
    },
    bagOfWords: {
      ...{ rule: flag, default: true, off: "Trains no bag of words to compare a classifier with" },
      help: "Trains a bag of words on the same rows and scores it beside a classifier, which should do better",
    },
  },
  ARCHITECTURE,
  OPTIMIZATION,
  LOSS,
) satisfies Settings<FinetuneSettings>;

/** Settings of a fine-tuning run with nothing left open but what follows from the tokenizer and the number of batches. */
export interface ResolvedFinetune extends ResolvedOptimization {
  readonly maskRate: number;
  readonly epochs: number;
  readonly batch: number;
  readonly steps: number | undefined;
  readonly metric: string | undefined;
  readonly calibrate: boolean;
  readonly bagOfWords: boolean;
  readonly batchTokens: number | undefined;
  readonly tokens: number | undefined;
  readonly evalEvery: number | undefined;
  readonly patience: number | undefined;
}

/** What is known of the training texts. */
export interface DataFacts {
  readonly rows: number;
  /** Whether the run begins with trained weights. */
  readonly pretrained: boolean;
}

/** Steps that a model from fresh weights gets at least, however few the rows are. */
const FEWEST_STEPS = 600;
const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

/** Rates of pretrained models: of one with 22 million parameters (MiniLM), and the bounds. */
const [RATE, SIZE, LOWEST, HIGHEST] = [5e-5, 22e6, 2e-5, 5e-4];

/** The highest learning rate of a pretrained model, which falls with the root of its number of parameters: 2e-5 to 5e-4, two digits. */
export const pretrainedRate = (parameters: number): number =>
  Number(clamp(RATE * Math.sqrt(SIZE / parameters), LOWEST, HIGHEST).toPrecision(2));

/** The rate for fresh weights, and the tokens of a text up to which it holds. */
const [FRESH_RATE, SHORT] = [1e-3, 64];

/**
 * The highest learning rate of a model from fresh weights, two digits: for longer texts it falls with the root of their length. At 1e-3, two
 * layers × 128 learn nothing from 9,000 film reviews of 256 tokens; at 5e-4 they learn from the first epoch.
 */
export const freshRate = (maxLength: number): number =>
  Number((FRESH_RATE * Math.min(1, Math.sqrt(SHORT / maxLength))).toPrecision(2));

/** Fills in what is not set; the rate is that of short texts and fresh weights. */
export function resolveFinetune(given: FinetuneSettings, { rows, pretrained }: DataFacts): ResolvedFinetune {
  const batch = given.batch ?? clamp(2 ** Math.round(Math.log2(rows / 40)), 8, 32);
  const fewest = pretrained ? 3 : Math.ceil((FEWEST_STEPS * batch) / rows);
  return {
    ...withDefaults(given, OPTIMIZATION),
    lr: given.lr ?? FRESH_RATE,
    maskRate: given.maskRate ?? (pretrained ? 0 : 0.15),
    epochs: given.epochs ?? clamp(fewest, pretrained ? 3 : 4, 40),
    batch,
    steps: given.steps,
    metric: given.metric,
    calibrate: given.calibrate ?? true,
    bagOfWords: given.bagOfWords ?? true,
    batchTokens: given.batchTokens,
    tokens: given.tokens,
    evalEvery: given.evalEvery,
    patience: given.patience,
  };
}
