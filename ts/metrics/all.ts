/**
 * Metrics with the conventions of scikit-learn, seqeval, sacrebleu and SQuAD. Predictions come before
 * labels. Errors: ShapeError if their numbers differ or are 0.
 *
 * @module
 */

export {
  type Average,
  type AverageOptions,
  accuracy,
  type ClassReport,
  type ConfusionOptions,
  classificationReport,
  confusionMatrix,
  f1,
  type Ids,
  matthews,
  precision,
  recall,
} from "./classification.js";
export { type EntityF1Options, type EntityReport, type EntityScores, entityF1 } from "./entities.js";
export {
  type BootstrapOptions,
  bootstrapInterval,
  type Interval,
  type IntervalOptions,
  wilsonInterval,
} from "./intervals.js";
export { bitsPerCharacter, perplexity } from "./language.js";
export { type F1Scores, type Indicators, type MultiLabelReport, multiLabelReport } from "./multiLabel.js";
export { type PairedDifference, pairedDifference } from "./paired.js";
export { meanSquaredError, pearson, spearman, type Values } from "./regression.js";
export type { EntityScheme } from "./schemes.js";
export { type SquadScore, squad } from "./squad.js";
export { type BleuOptions, type BleuScore, bleu } from "./translation/bleu.js";
export { type ChrfOptions, type ChrfScore, chrf, chrfScore } from "./translation/chrf.js";
export type { References } from "./translation/references.js";
export type { Counts, SmoothMethod } from "./translation/smoothing.js";
export type { BleuTokenizer } from "./translation/tokenizers.js";
