import { AbortError, ConfigError } from "../../errors.js";
import { pacer } from "../../platform/pacer.js";
import type { Features } from "./features.js";
import type { Range } from "./grams.js";
import { toProbabilities } from "./likelihood.js";
import { checkPairs } from "./options.js";
import { type Breath, multiply } from "./sparse.js";

/** How a bag of words was trained. */
export interface BagOfWordsReport {
  /** Rows that it learned from: all, or every so many of a large set. */
  readonly rows: number;
  /** Least and greatest number of words of its n-grams. Undefined: none were counted. */
  readonly words: Range | undefined;
  /** Least and greatest number of characters, likewise. */
  readonly characters: Range | undefined;
  /** Columns for n-grams of one kind. */
  readonly buckets: number;
  /** Steps of L-BFGS. */
  readonly iterations: number;
  /** Whether the tolerance was reached. */
  readonly isConverged: boolean;
}

/** What a trained bag of words is made of. */
interface Trained {
  readonly features: Features;
  readonly weights: Float64Array;
  /** Classes that have rows, in order. */
  readonly classes: readonly number[];
  readonly numLabels: number;
  readonly report: BagOfWordsReport;
}

/** A trained bag of words. */
export class BagOfWords {
  readonly #trained: Trained;

  /** Made by `trainBagOfWords`. */
  constructor(trained: Trained) {
    this.#trained = trained;
  }

  /** How it was trained. */
  get report(): BagOfWordsReport {
    return this.#trained.report;
  }

  /**
   * Probabilities of the classes, `[numLabels]` for each text; 0 for a class that had no row. Errors: ConfigError for pairs that it was not
   * trained with, ShapeError, AbortError.
   */
  async probabilities(
    texts: readonly string[],
    pairs?: readonly (string | undefined)[],
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Float64Array[]> {
    const { features, weights, classes, numLabels } = this.#trained;
    if (pairs && !features.hasPairs) throw new ConfigError("the bag of words was trained without pairs");
    checkPairs("probabilities", texts, pairs);
    const breath = breathing(signal);
    const width = classes.length < 2 ? 0 : widthOf(classes.length);
    const logits = new Float64Array(texts.length * width);
    if (width > 0) await multiply(await features.transform({ texts, pairs }, breath), weights, width, logits, breath);
    return texts.map((_, i) => spread(logits.subarray(i * width, (i + 1) * width), classes, numLabels));
  }

  /** The most likely class of each text, the first of equal ones. Errors: as `probabilities`. */
  async predict(
    texts: readonly string[],
    pairs?: readonly (string | undefined)[],
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Int32Array> {
    const rows = await this.probabilities(texts, pairs, options);
    return Int32Array.from(rows, (row) => row.indexOf(Math.max(...row)));
  }
}

/** Logits of a row for some classes. */
export const widthOf = (classes: number): number => (classes > 2 ? classes : 1);

/** One row's logits as probabilities of all classes. */
function spread(logits: Float64Array, classes: readonly number[], numLabels: number): Float64Array {
  const found = new Float64Array(numLabels);
  if (logits.length === 0) {
    found[classes[0]!] = 1;
    return found;
  }
  toProbabilities(logits);
  const shares = logits.length === 1 ? [1 - logits[0]!, logits[0]!] : logits;
  for (const [i, label] of classes.entries()) found[label] = shares[i]!;
  return found;
}

/** What long work awaits now and then. Errors: AbortError. */
export function breathing(signal: AbortSignal | undefined): Breath {
  const pause = pacer();
  return async () => {
    await pause();
    if (signal?.aborted) throw new AbortError("the bag of words was aborted", { cause: signal.reason });
  };
}
