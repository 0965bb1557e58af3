import { ConfigError } from "../../errors.js";
import type { FileSource } from "../../io/files.js";
import type { SampleBy } from "../text/documents.js";
import type { ArchitectureSettings } from "./architecture.js";
import { ARCHITECTURE } from "./architecture.js";
import { OPTIMIZATION, type OptimizationSettings, type ResolvedOptimization } from "./optimization.js";
import { flag, oneOf, type Settings, text, whole, withDefaults } from "./rules.js";
import { type Stage, stages } from "./stages.js";

/** Settings of a pre-training run. */
export interface PretrainSettings extends ArchitectureSettings, OptimizationSettings {
  /**
   * What the text is cut into: "char" for its characters, "byte" for bytes, or a tokenizer's file or folder. Default: "char" for
   * "clm", a WordPiece vocabulary of the text for "mlm".
   */
  readonly tokenizer?: FileSource | undefined;
  /**
   * Entries of the WordPiece vocabulary that is trained.
   * @default 8000
   */
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
   * Windows per step.
   * @default 16
   */
  readonly batch?: number | undefined;
  /**
   * Window length, windows per step and steps of several stages, instead of `maxLength`, `batch` and `steps`.
   * @default one stage
   */
  readonly stages?: readonly Stage[] | undefined;
  /**
   * Fills windows with documents one behind the other; otherwise each document begins a window of its own.
   * @default true
   */
  readonly packing?: boolean | undefined;
  /**
   * What a document of a plain text file is.
   * @default "document"
   */
  readonly sampleBy?: SampleBy | undefined;
  /**
   * Masks whole words in "mlm": WordPiece's words, or jieba's with RoFormer's Chinese tokenizers.
   * @default false
   */
  readonly wholeWordMask?: boolean | undefined;
  /**
   * Folder in which encoded text is kept.
   * @default none for text of at most 8 million characters, else the user's cache folder
   */
  readonly cache?: string | undefined;
  /**
   * Steps between two evaluations on the held-out text.
   * @default a tenth of all
   */
  readonly evalEvery?: number | undefined;
}

/** The table of {@link PretrainSettings}. */
export const PRETRAIN_SETTINGS = /* @__PURE__ */ Object.assign(
  {
    vocabSize: {
      ...{ rule: whole(8), unit: "number", help: "Entries of the WordPiece vocabulary that is trained", default: 8000 },
    },
    // Two special tokens, and two to tell apart.
    maxLength: { rule: whole(4), unit: "tokens", help: "Tokens of a window", default: 256 },
    steps: { rule: whole(1), unit: "number", help: "Steps in all", default: 1000 },
    batch: { rule: whole(1), unit: "windows", help: "Windows per step", default: 16 },
    stages: {
      ...{ rule: stages, unit: "LENGTHxBATCHxSTEPS,...", usually: "one stage" },
      help: "Window length, windows per step and steps of several stages, instead of `maxLength`, `batch` and `steps`",
    },
    packing: {
      ...{ rule: flag, default: true, off: "Begins a window with each document, instead of filling windows" },
      help: "Fills windows with documents one behind the other; otherwise each document begins a window of its own",
    },
    sampleBy: {
      ...{ rule: oneOf(["document", "paragraph", "line"]), unit: "name", default: "document" },
      help: "What a document of a plain text file is",
    },
    wholeWordMask: {
      ...{ rule: flag, default: false },
      help: "Masks whole words in \"mlm\": WordPiece's words, or jieba's with RoFormer's Chinese tokenizers",
    },
    cache: {
      ...{ rule: text, unit: "folder", help: "Folder in which encoded text is kept" },
      usually: "none for text of at most 8 million characters, else the user's cache folder",
    },
    evalEvery: {
      ...{ rule: whole(1), unit: "steps", help: "Steps between two evaluations on the held-out text" },
      usually: "a tenth of all",
    },
  },
  ARCHITECTURE,
  OPTIMIZATION,
) satisfies Settings<Omit<PretrainSettings, "tokenizer">>;

/** Settings of a pre-training run with nothing left open. */
export interface ResolvedPretrain extends ResolvedOptimization {
  readonly vocabSize: number;
  /** Tokens of the longest window. */
  readonly maxLength: number;
  readonly steps: number;
  readonly stages: readonly Stage[];
  /** Windows per step of the first stage. */
  readonly batch: number;
  readonly packing: boolean;
  readonly sampleBy: SampleBy;
  readonly wholeWordMask: boolean;
  readonly evalEvery: number;
}

/** Settings that stages have each. */
const OF_STAGES = ["maxLength", "batch", "steps"] as const;

/** Fills in what is not set. Errors: ConfigError for stages together with what these have. */
export function resolvePretrain(given: PretrainSettings, { pretrained }: { pretrained: boolean }): ResolvedPretrain {
  const { tokenizer, cache, ...settings } = given;
  const both = given.stages && OF_STAGES.find((name) => given[name] !== undefined);
  if (both) throw new ConfigError(`pretrain: ${both} cannot be set together with stages, which have it each`);
  const { maxLength, batch, steps, ...all } = withDefaults(settings, PRETRAIN_SETTINGS);
  const stages = given.stages ?? [{ maxLength, batch, steps }];
  const total = stages.reduce((sum, stage) => sum + stage.steps, 0);
  return {
    ...all,
    ...{
      stages,
      steps: total,
      batch: stages[0]!.batch,
      maxLength: Math.max(...stages.map((stage) => stage.maxLength)),
    },
    lr: given.lr ?? (pretrained ? 1e-4 : 1e-3),
    evalEvery: given.evalEvery ?? Math.ceil(total / 10),
  };
}
