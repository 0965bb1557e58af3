import { OPTIMIZATION, type OptimizationSettings, type ResolvedOptimization } from "./optimization.js";
import { notNegative, numbers, oneOf, positive, rate, type Settings, share, whole, withDefaults } from "./rules.js";

/** What a student learns from its teacher. */
export type DistillLoss = "vectors" | "hidden" | "logits" | "contrastive";

/** Settings of a distillation: what the student is, what it learns, from which texts, and how long. */
export interface DistillSettings extends OptimizationSettings {
  /**
   * Number of the teacher's layers that the student begins with, evenly spread, the first and the last one among them.
   * @default half of them
   */
  readonly layers?: number | undefined;
  /**
   * Numbers of these layers, from 0, instead of `layers`.
   * @default what `layers` gives
   */
  readonly keepLayers?: readonly number[] | undefined;
  /**
   * Width of the student, a multiple of the teacher's head size.
   * @default the teacher's
   */
  readonly width?: number | undefined;
  /**
   * Entries of the student's vocabulary: those of the teacher's that the texts need most.
   * @default all of the teacher's
   */
  readonly vocabSize?: number | undefined;
  /**
   * Position encoding: "rotary" replaces others, "learned" keeps a BERT's.
   * @default "rotary"
   */
  readonly position?: "rotary" | "learned" | undefined;
  /**
   * What the student learns: the teacher's text vectors, its hidden states by layer, its logits, or which of a batch's texts a vector belongs to.
   * @default "logits" for classifiers and masked language models, "vectors" for other encoders, "hidden" for other heads
   */
  readonly loss?: DistillLoss | undefined;
  /**
   * How "vectors" compares two vectors: 1 − cosine, or the mean squared error.
   * @default "cosine"
   */
  readonly distance?: "cosine" | "mse" | undefined;
  /**
   * Weight of the error of the tokens' last states in "vectors", where both tokenizers agree.
   * @default 1
   */
  readonly tokenWeight?: number | undefined;
  /**
   * Weight of the first token's state as a second vector of the text in "vectors": classifiers begin with what it knows.
   * @default 0
   */
  readonly clsWeight?: number | undefined;
  /**
   * Temperature of the softmax of "logits".
   * @default 2
   */
  readonly temperature?: number | undefined;
  /**
   * Most likely tokens of each guess of a masked language model that "logits" compares one by one; all others count as one.
   * @default 64
   */
  readonly topTokens?: number | undefined;
  /**
   * What a text is: a line or row, or a sentence of running text.
   * @default "lines"
   */
  readonly split?: "lines" | "sentences" | undefined;
  /**
   * Share of the texts that are phrases of 1 to 6 words cut out of others.
   * @default 0
   */
  readonly phrases?: number | undefined;
  /**
   * Texts to learn from, evenly spread over the data.
   * @default all
   */
  readonly maxTexts?: number | undefined;
  /**
   * Tokens a text is cut to, special ones included.
   * @default 128
   */
  readonly maxLength?: number | undefined;
  /**
   * Tokens per step.
   * @default 768
   */
  readonly batchTokens?: number | undefined;
  /**
   * Times that all texts are seen.
   * @default 4
   */
  readonly epochs?: number | undefined;
  /**
   * Steps in all, instead of `epochs`.
   * @default what `epochs` takes
   */
  readonly steps?: number | undefined;
  /**
   * Steps between two evaluations on the texts held out.
   * @default a tenth of all
   */
  readonly evalEvery?: number | undefined;
  /**
   * Dropout rate while the student learns; it is saved with the teacher's.
   * @default 0
   */
  readonly dropout?: number | undefined;
  /**
   * Highest learning rate.
   * @default 3e-4
   */
  readonly lr?: number | undefined;
}

/** The names of the losses. */
const LOSSES: readonly DistillLoss[] = ["vectors", "hidden", "logits", "contrastive"];

/** The table of {@link DistillSettings}. */
export const DISTILL_SETTINGS = /* @__PURE__ */ Object.assign({}, OPTIMIZATION, {
  layers: {
    ...{ rule: whole(1), unit: "number", usually: "half of them" },
    help: "Number of the teacher's layers that the student begins with, evenly spread, the first and the last one among them",
  },
  keepLayers: {
    ...{ rule: numbers, unit: "numbers", usually: "what `layers` gives" },
    help: "Numbers of these layers, from 0, instead of `layers`",
  },
  width: {
    ...{ rule: whole(1), unit: "number", usually: "the teacher's" },
    help: "Width of the student, a multiple of the teacher's head size",
  },
  vocabSize: {
    ...{ rule: whole(1), unit: "number", usually: "all of the teacher's" },
    help: "Entries of the student's vocabulary: those of the teacher's that the texts need most",
  },
  position: {
    ...{ rule: oneOf(["rotary", "learned"]), unit: "name", default: "rotary" },
    help: 'Position encoding: "rotary" replaces others, "learned" keeps a BERT\'s',
  },
  loss: {
    ...{ rule: oneOf(LOSSES), unit: "name" },
    usually:
      '"logits" for classifiers and masked language models, "vectors" for other encoders, "hidden" for other heads',
    help: "What the student learns: the teacher's text vectors, its hidden states by layer, its logits, or which of a batch's texts a vector belongs to",
  },
  distance: {
    ...{ rule: oneOf(["cosine", "mse"]), unit: "name", default: "cosine" },
    help: 'How "vectors" compares two vectors: 1 − cosine, or the mean squared error',
  },
  tokenWeight: {
    ...{ rule: notNegative, unit: "number", default: 1 },
    help: 'Weight of the error of the tokens\' last states in "vectors", where both tokenizers agree',
  },
  clsWeight: {
    ...{ rule: notNegative, unit: "number", default: 0 },
    help: 'Weight of the first token\'s state as a second vector of the text in "vectors": classifiers begin with what it knows',
  },
  temperature: {
    ...{ rule: positive, unit: "number", help: 'Temperature of the softmax of "logits"', default: 2 },
  },
  topTokens: {
    ...{ rule: whole(1), unit: "number", default: 64 },
    help: 'Most likely tokens of each guess of a masked language model that "logits" compares one by one; all others count as one',
  },
  split: {
    ...{ rule: oneOf(["lines", "sentences"]), unit: "name", default: "lines" },
    help: "What a text is: a line or row, or a sentence of running text",
  },
  phrases: {
    ...{ rule: share, unit: "share", default: 0 },
    help: "Share of the texts that are phrases of 1 to 6 words cut out of others",
  },
  maxTexts: {
    ...{ rule: whole(2), unit: "number", help: "Texts to learn from, evenly spread over the data", usually: "all" },
  },
  maxLength: {
    ...{ rule: whole(3), unit: "tokens", help: "Tokens a text is cut to, special ones included", default: 128 },
  },
  batchTokens: { rule: whole(1), unit: "tokens", help: "Tokens per step", default: 768 },
  epochs: { rule: whole(1), unit: "number", help: "Times that all texts are seen", default: 4 },
  steps: {
    ...{ rule: whole(1), unit: "number", help: "Steps in all, instead of `epochs`", usually: "what `epochs` takes" },
  },
  evalEvery: {
    ...{ rule: whole(1), unit: "steps", help: "Steps between two evaluations on the texts held out" },
    usually: "a tenth of all",
  },
  dropout: {
    ...{ rule: rate, unit: "rate", default: 0 },
    help: "Dropout rate while the student learns; it is saved with the teacher's",
  },
  lr: { rule: positive, unit: "rate", help: "Highest learning rate", default: 3e-4 },
}) satisfies Settings<DistillSettings>;

/** Settings of a distillation with nothing left open but what follows from the teacher and the texts. */
export interface ResolvedDistill extends ResolvedOptimization {
  readonly layers: number | undefined;
  readonly keepLayers: readonly number[] | undefined;
  readonly width: number | undefined;
  readonly vocabSize: number | undefined;
  readonly position: "rotary" | "learned";
  readonly distance: "cosine" | "mse";
  readonly tokenWeight: number;
  readonly clsWeight: number;
  readonly temperature: number;
  readonly topTokens: number;
  readonly split: "lines" | "sentences";
  readonly phrases: number;
  readonly maxTexts: number | undefined;
  readonly maxLength: number;
  readonly batchTokens: number;
  readonly epochs: number;
  readonly dropout: number;
}

/** Fills in what is not set. */
export function resolveDistill(given: DistillSettings): ResolvedDistill {
  const { layers, keepLayers, width, vocabSize, maxTexts } = given;
  const all = withDefaults(given, DISTILL_SETTINGS);
  return { ...all, layers, keepLayers, width, vocabSize, maxTexts };
}
