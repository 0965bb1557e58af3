/** A probability that a model gives to something, and whether that is true. */
interface Belief {
  readonly probability: number;
  readonly isTrue: boolean;
}

/** How a text's logits become probabilities: what calibration needs of a kind of problem. `L`: a text's label. */
export interface Probabilities<L> {
  /** The log loss of a text. */
  loss(logits: ArrayLike<number>, label: L): number;
  /** The derivative of the loss of `factor` times the logits, by `factor`. */
  slope(logits: ArrayLike<number>, label: L, factor: number): number;
  /** What the model believes of a text: its most likely class, or each label. */
  beliefs(logits: ArrayLike<number>, label: L): readonly Belief[];
}

/** How far a classifier's probabilities can be trusted. */
export interface CalibrationMetrics {
  /**
   * By how much probabilities and the shares of what is true differ on average, 0 … 1: expected calibration error, in 15 bins of equal width, of
   * the most likely class, or of each label where texts have several.
   */
  readonly expectedCalibrationError: number;
  /** What the logits were divided by to calibrate the model; undefined where it was not calibrated in this run. */
  readonly temperature?: number | undefined;
  /** The expected calibration error before that. */
  readonly expectedCalibrationErrorBefore?: number | undefined;
  /** The log loss before that. */
  readonly lossBefore?: number | undefined;
}

/** The logits of a text and its label. */
interface LogitRow<L> {
  readonly logits: ArrayLike<number>;
  readonly label: L;
}

const BINS = 15;

/** Mean difference of probabilities and truth within bins of equal width (Naeini et al. 2015), in order of which nothing depends. */
function expectedCalibrationError(beliefs: readonly Belief[], bins = BINS): number {
  const differences = new Float64Array(bins);
  for (const { probability, isTrue } of beliefs)
    differences[Math.max(0, Math.ceil(probability * bins) - 1)]! += (isTrue ? 1 : 0) - probability;
  return differences.reduce((sum, one) => sum + Math.abs(one), 0) / beliefs.length;
}

/** The metrics of some texts; `temperature`: what their logits have been divided by. */
export function calibrationMetrics<L>(
  rows: readonly LogitRow<L>[],
  probabilities: Probabilities<L>,
  temperature: number | undefined,
): CalibrationMetrics {
  const error = (of: readonly LogitRow<L>[]) =>
    expectedCalibrationError(of.flatMap(({ logits, label }) => probabilities.beliefs(logits, label)));
  const now = { expectedCalibrationError: error(rows) };
  if (temperature === undefined) return now;
  const before = rows.map(({ logits, label }) => ({ logits: times(logits, temperature), label }));
  return {
    ...now,
    temperature,
    expectedCalibrationErrorBefore: error(before),
    lossBefore: meanLoss(before, probabilities),
  };
}

const times = (logits: ArrayLike<number>, factor: number): Float64Array =>
  Float64Array.from(logits, (logit) => factor * logit);

function meanLoss<L>(rows: readonly LogitRow<L>[], { loss }: Probabilities<L>, factor = 1): number {
  return rows.reduce((sum, { logits, label }) => sum + loss(times(logits, factor), label), 0) / rows.length;
}

/** Largest factor of logits that is looked for. */
const LARGEST = 100;

/**
 * What logits are to be multiplied by to have the lowest log loss, which is convex in it (Guo et al. 2017: 1 / temperature). Undefined where there is no such
 * factor: nothing is wrong, so that the loss falls for ever, or guessing is better than the model.
 */
function bestFactor<L>(rows: readonly LogitRow<L>[], { slope }: Probabilities<L>): number | undefined {
  const slopeAt = (factor: number) => rows.reduce((sum, { logits, label }) => sum + slope(logits, label, factor), 0);
  let [low, high] = [0, LARGEST];
  if (slopeAt(low) >= 0 || slopeAt(high) <= 0) return undefined;
  for (let middle = 1; middle > low && middle < high; middle = (low + high) / 2)
    if (slopeAt(middle) >= 0) high = middle;
    else low = middle;
  return high;
}

/** Parts of the rows on which a temperature is tried, and the fewest rows, of which each part has two. */
const [FOLDS, FEWEST] = [10, 20];

/** A temperature, or why there is none, in words. */
export type Fitted = { readonly temperature: number } | { readonly why: string };

/**
 * The temperature with the lowest log loss on some rows. There is none if it would not help on other rows: ten times, a temperature is
 * fitted on nine tenths of the rows and tried on the rest.
 */
export function fitTemperature<L>(rows: readonly LogitRow<L>[], probabilities: Probabilities<L>): Fitted {
  if (rows.length < FEWEST) return { why: `${rows.length} validation rows are fewer than ${FEWEST}` };
  const factor = bestFactor(rows, probabilities);
  if (factor === undefined)
    return { why: "on the validation rows the model is always right, or no better than guessing" };
  let saved = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const [fitted, others] = [false, true].map((held) => rows.filter((_, i) => (i % FOLDS === fold) === held));
    const own = bestFactor(fitted!, probabilities);
    if (own === undefined) return { why: "too few of the validation rows are wrong" };
    saved += others!.length * (meanLoss(others!, probabilities) - meanLoss(others!, probabilities, own));
  }
  return saved > 0
    ? { temperature: 1 / factor }
    : { why: "it does not lower the log loss of rows that it is not fitted on" };
}
