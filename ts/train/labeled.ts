import { Batches } from "../data/batches.js";
import { placesInWords, type Row } from "../data/values.js";
import { ConfigError } from "../errors.js";
import type { Model } from "../models/model.js";
import { BATCH_TOKENS } from "../pipelines/run.js";
import type { Course } from "./course.js";
import { hiding } from "./hiding.js";
import { inParts } from "./parts.js";
import type { Detailed } from "./tasks/details.js";
import type { Example, Measured, Scores, Task } from "./tasks/task.js";

/** What a course on labeled rows is made of. */
export interface LabeledData<L, S extends Scores> {
  readonly task: Task<L, S>;
  readonly model: Model;
  readonly train: readonly Example<L>[];
  readonly valid: readonly Example<L>[];
  /** The training rows, in the order of `train`. */
  readonly rows: readonly Row[];
}

/** Settings of a course on labeled rows. */
export interface LabeledSettings {
  /** Rows per micro-batch. */
  readonly batch: number;
  /** Tokens per micro-batch, instead of rows. */
  readonly batchTokens?: number | undefined;
  readonly gradientAccumulationSteps: number;
  readonly seed: number;
  readonly maskRate: number;
  /** The metric by which evaluations are compared. */
  readonly metric: string;
}

/** Labeled rows in batches of similar length, each seen once an epoch, scored on the rows held out. */
export function labeledCourse<L, S extends Scores>(
  { task, model, train, valid, rows: all }: LabeledData<L, S>,
  settings: LabeledSettings,
): Course<Detailed<S> & Measured> & { readonly perEpoch: number; readonly tokens: number } {
  const lengths = train.map(({ sequences }) => sequences.reduce((sum, { ids }) => sum + ids.length, 0));
  const { batch, batchTokens, gradientAccumulationSteps: parts } = settings;
  const size = batchTokens === undefined ? { rows: batch * parts } : { tokens: batchTokens * parts };
  const batches = new Batches(lengths, size, settings.seed);
  const hide = hiding(model.tokenizer!, settings);
  const sum = (rows: Iterable<number>) => [...rows].reduce((total, row) => total + lengths[row]!, 0);
  const tokens = sum(lengths.keys());
  const batchOf = (rows: readonly number[]) => task.batch(rows.map((i) => train[i]!));
  /** The micro-batches of a step, those with most tokens first. */
  const micro = (step: number) =>
    inParts(batches.at(step), parts)
      .map((rows) => ({ rows, tokens: sum(rows) }))
      .sort((a, b) => b.tokens - a.tokens);
  return {
    perEpoch: batches.perEpoch,
    tokens,
    probe: {
      tokens(step) {
        const all = micro(step);
        return { tokens: all.reduce((total, one) => total + one.tokens, 0), micro: all[0]!.tokens };
      },
      batch(step, share) {
        const { rows } = micro(step)[0]!;
        return batchOf(rows.slice(0, Math.ceil(share * rows.length)));
      },
      evaluationTokens: evaluationTokens(valid),
    },
    batch(step) {
      const hideIn = hide(step);
      return inParts(batches.at(step), parts).map((rows) => {
        const { packed, targets } = batchOf(rows);
        return { packed: hideIn(packed), targets, places: () => placesInWords(rows.map((i) => all[i]!)) };
      });
    },
    evaluate: (signal) => task.evaluate(model, valid, { signal }),
    better: betterBy(settings.metric),
    figures: ({ metrics }) => metrics,
    inWords: (scores) => `validation ${withMetric(task.inWords(scores), scores, settings.metric)}`,
  };
}

/** Tokens that pipelines compute at once, if there are as many; a longer text is computed alone. */
function evaluationTokens(examples: readonly Example[]): number {
  const lengths = examples.flatMap(({ sequences }) => sequences.map(({ ids }) => ids.length));
  const all = lengths.reduce((sum, length) => sum + length, 0);
  return Math.min(
    all,
    lengths.reduce((most, length) => Math.max(most, length), BATCH_TOKENS),
  );
}

/** Scores in words, with the metric by which evaluations are compared if these do not name it. */
function withMetric(words: string, { metrics }: Scores, metric: string): string {
  const value = (metrics as Record<string, unknown>)[metric];
  const isNamed = words.replaceAll(" ", "").toLowerCase().includes(metric.toLowerCase());
  return isNamed || typeof value !== "number" ? words : `${words}, ${metric} ${value.toFixed(4)}`;
}

/** Metrics of which less is better. */
const LESS = ["loss", "meanSquaredError"];

/** Whether less of a metric is better. */
export const lessIsBetter = (metric: string): boolean => LESS.includes(metric);

/** Whether the first metrics are better by one of them; where that is the same, by the loss. */
export function betterBy(metric: string): (a: object, b: object) => boolean {
  const value = (figures: object, name: string) => {
    const number = (figures as Record<string, unknown>)[name];
    return typeof number === "number" ? (lessIsBetter(name) ? -number : number) : undefined;
  };
  return (a, b) => {
    const [x, y] = [value(a, metric), value(b, metric)];
    if (x === undefined || y === undefined) {
      const names = Object.entries(a).flatMap(([name, one]) => (typeof one === "number" ? [name] : []));
      throw new ConfigError(`metric is ${JSON.stringify(metric)}, not one of ${names.join(", ")}`);
    }
    return x > y || (x === y && (value(a, "loss") ?? 0) > (value(b, "loss") ?? 0));
  };
}
