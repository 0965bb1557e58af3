import type { FileSource } from "../../io/files.js";
import type { ArchitectureSettings } from "./architecture.js";
import { ARCHITECTURE } from "./architecture.js";
import { OPTIMIZATION, type OptimizationSettings, type ResolvedOptimization } from "./optimization.js";
import { type Settings, whole, withDefaults } from "./rules.js";

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
  readonly maxLength: number;
  readonly steps: number;
  readonly batch: number;
  readonly evalEvery: number;
}

/** Fills in what is not set. */
export function resolvePretrain(given: PretrainSettings, { pretrained }: { pretrained: boolean }): ResolvedPretrain {
  const { tokenizer, ...settings } = given;
  const all = withDefaults(settings, PRETRAIN_SETTINGS);
  return {
    ...all,
    lr: given.lr ?? (pretrained ? 1e-4 : 1e-3),
    evalEvery: given.evalEvery ?? Math.ceil(all.steps / 10),
  };
}
