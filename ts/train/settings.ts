import type { ArchitectureSettings } from "./architecture.js";
import type { OptimizationSettings } from "./step.js";

/** What may be set about a fine-tuning run; what is not set follows from the data. */
export interface FinetuneSettings extends ArchitectureSettings, OptimizationSettings {
  /**
   * Entries of the vocabulary that is trained. Default: one for each different word (ideograph, pair of kana or Thai characters), 1000 to
   * 8000.
   */
  readonly vocabSize?: number | undefined;
  /** Tokens a text is cut to, special ones included. Default: so that nine in ten encoded texts fit, 16 to 256. */
  readonly maxLength?: number | undefined;
  /**
   * Share of the tokens hidden behind `[MASK]` in training, 0 to 1.
   * @default 0.15 of a model from fresh weights, else 0
   */
  readonly maskRate?: number | undefined;
  /**
   * How often each text is seen.
   * @default 3 to 40, at least 600 steps of a model from fresh weights
   */
  readonly epochs?: number | undefined;
  /** Steps in all, instead of epochs. */
  readonly steps?: number | undefined;
  /**
   * Texts a step.
   * @default 8 to 32, by the number of texts
   */
  readonly batch?: number | undefined;
}

type Open = "vocabSize" | "maxLength" | "steps" | "featureRedrawInterval";
type Resolved = Exclude<keyof FinetuneSettings, keyof ArchitectureSettings | Open>;

/**
 * Settings with nothing left open but what follows later: the vocabulary's size from the texts, their length from the tokenizer, the number
 * of steps from that of batches.
 */
export type ResolvedSettings = { readonly [K in Resolved]-?: NonNullable<FinetuneSettings[K]> } & {
  readonly steps: number | undefined;
  readonly featureRedrawInterval: number | undefined;
};

/** What is known of the training texts. */
export interface DataFacts {
  readonly rows: number;
  /** Whether weights are given to begin with. */
  readonly pretrained: boolean;
}

/** Steps that a model from fresh weights should get, however few the rows are. */
const FEWEST_STEPS = 600;
const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

/** Fills in what was not set; a setting that makes no sense is a ConfigError. */
export function resolveSettings(given: FinetuneSettings, { rows, pretrained }: DataFacts): ResolvedSettings {
  const batch = given.batch ?? clamp(2 ** Math.round(Math.log2(rows / 40)), 8, 32);
  const fewest = pretrained ? 3 : Math.ceil((FEWEST_STEPS * batch) / rows);
  return {
    maskRate: given.maskRate ?? (pretrained ? 0 : 0.15),
    epochs: given.epochs ?? clamp(fewest, pretrained ? 3 : 4, 40),
    steps: given.steps,
    batch,
    lr: given.lr ?? (pretrained ? 5e-5 : 1e-3),
    warmup: given.warmup ?? 0.1,
    weightDecay: given.weightDecay ?? 0.01,
    maxGradNorm: given.maxGradNorm ?? 1,
    recompute: given.recompute ?? false,
    featureRedrawInterval: given.featureRedrawInterval,
    seed: given.seed ?? 0,
  };
}
