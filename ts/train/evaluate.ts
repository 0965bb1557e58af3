import { type LabelSet, labelSet } from "../data/labels.js";
import type { Format } from "../data/rows.js";
import { ConfigError } from "../errors.js";
import { metrics } from "../metrics/index.js";
import { labelNames } from "../models/config.js";
import type { RoFormer } from "../models/roformer.js";
import { readFinite, runBatches, trainedLength } from "../pipelines/batches.js";
import { type Columns, type Example, encodeRows, needColumns, readTexts, type TextSource } from "./examples.js";

/** How well a classifier does on labelled texts: one flat object. */
export interface ClassifierMetrics {
  /** Texts. */
  readonly n: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** Share of the texts whose likeliest class is right, 0 … 1. */
  readonly accuracy: number;
  /** Of two classes, F1 of the second; of more, the mean over classes (scikit-learn's `binary` and `macro`); 0 … 1. */
  readonly f1: number;
  /** Precision, likewise. */
  readonly precision: number;
  /** Recall, likewise. */
  readonly recall: number;
  /** Matthews' correlation coefficient, −1 … 1. */
  readonly matthews: number;
}

/** Metrics, and what they were made from. */
export interface Evaluation {
  /** The scores. */
  readonly metrics: ClassifierMetrics;
  /** Numbers of texts, `[labels][labels]`: rows are true classes, columns predicted ones. */
  readonly confusionMatrix: readonly (readonly number[])[];
  /** Names of the classes, in order of their ids. */
  readonly labels: readonly string[];
  /** Tokens computed. */
  readonly tokens: number;
  /** Seconds that it took. */
  readonly seconds: number;
}

/** Settings of {@link evaluate}. */
export interface EvaluateOptions extends Columns {
  /** The labelled texts. */
  readonly data: TextSource;
  /** Name of the column of labels. */
  readonly label: string;
  /** Format of the file; what the ending of its name tells unless given. */
  readonly format?: Format | undefined;
  /** Tokens a text is cut to; what the model was trained with unless given. */
  readonly maxLength?: number | undefined;
  /** Ends the work between two batches with an AbortError. */
  readonly signal?: AbortSignal | undefined;
  /** Hears how many texts are done. */
  readonly onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
}

/**
 * Scores a classifier on labelled texts. Errors: ConfigError for another model or a column that is not named, DataError for a
 * file that cannot be read or a label that the model does not know, AbortError.
 */
export async function evaluate(model: RoFormer, options: EvaluateOptions): Promise<Evaluation> {
  if (model.head !== "sequence-classification") {
    throw new ConfigError(`evaluate needs a classifier, not a model with the head "${model.head}"`);
  }
  if (!model.tokenizer) throw new ConfigError("evaluate needs a tokenizer, and the model has none");
  needColumns(options, ["text", "label"]);
  const rows = await readTexts(options.data, options, "data", options.format);
  const labels = labelSet(labelNames(model.config));
  const maxLength = options.maxLength ?? trainedLength(model);
  const examples = encodeRows(rows, options, model, { maxLength, labels });
  return evaluateExamples(model, examples, labels, options);
}

/** Scores a classifier on texts that are encoded already. */
export async function evaluateExamples(
  model: RoFormer,
  examples: readonly Example[],
  labels: LabelSet,
  { signal, onProgress }: Pick<EvaluateOptions, "signal" | "onProgress"> = {},
): Promise<Evaluation> {
  const started = performance.now();
  const options = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
  const judged = await runBatches("evaluate", model, examples, options, ({ head }, chosen) => {
    const logits = readFinite(head().logits!);
    const width = logits.length / chosen.length;
    return chosen.map((i, row) => {
      const own = logits.subarray(row * width, (row + 1) * width);
      return { predicted: own.indexOf(Math.max(...own)), loss: crossEntropyOf(own, examples[i]!.label) };
    });
  });
  const truth = examples.map(({ label }) => label);
  const predicted = judged.map((one) => one.predicted);
  const loss = judged.reduce((sum, one) => sum + one.loss, 0) / truth.length;
  const classes = labels.names.length;
  return {
    metrics: { n: truth.length, loss, ...scores(predicted, truth, classes) },
    confusionMatrix: metrics.confusionMatrix(predicted, truth, { numLabels: classes }),
    labels: labels.names,
    tokens: examples.reduce((sum, { ids }) => sum + ids.length, 0),
    seconds: (performance.now() - started) / 1000,
  };
}

function scores(predicted: number[], truth: number[], classes: number) {
  const average = classes === 2 ? ("binary" as const) : ("macro" as const);
  return {
    accuracy: metrics.accuracy(predicted, truth),
    f1: metrics.f1(predicted, truth, { average }),
    precision: metrics.precision(predicted, truth, { average }),
    recall: metrics.recall(predicted, truth, { average }),
    matthews: metrics.matthews(predicted, truth),
  };
}

function crossEntropyOf(logits: Float32Array, label: number): number {
  const top = Math.max(...logits);
  const sum = logits.reduce((total, x) => total + Math.exp(x - top), 0);
  return Math.log(sum) + top - logits[label]!;
}
