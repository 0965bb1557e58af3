import type { Row } from "../data/values.js";
import { ConfigError } from "../errors.js";
import type { FileSource } from "../io/files.js";
import { parts } from "../models/families.js";
import { applyLora } from "../models/lora/apply.js";
import type { HeadName } from "../nn/heads/index.js";
import type { RoFormer } from "../roformer.js";
import { totalSize } from "../tensor/tensor.js";
import { type BagOfWordsMetrics, baseline, classRows } from "./baseline.js";
import { hashExamples } from "./checkpoint/hash.js";
import type { WithGlueData } from "./glue.js";
import { counted } from "./inWords.js";
import { labeledCourse } from "./labeled.js";
import { type LabeledRows, readData } from "./labeledData.js";
import { freshStart, savedStart } from "./labeledStart.js";
import { cutInWords } from "./lengths.js";
import type { FinetuneOptions } from "./options.js";
import { type Fold, recordOf } from "./record.js";
import type { Prepared } from "./run.js";
import {
  FINETUNE_SETTINGS,
  freshRate,
  pretrainedRate,
  type ResolvedFinetune,
  resolveFinetune,
} from "./settings/finetune.js";
import { checkSettings } from "./settings/rules.js";
import { settling } from "./settle.js";
import { startingInit } from "./starter.js";
import type { Detailed } from "./tasks/details.js";
import type { AnyTask, TaskName } from "./tasks/index.js";
import type { Example, Measured, Scores } from "./tasks/task.js";

/** The same rows as ids. */
interface Encoded {
  readonly train: readonly Example[];
  readonly valid: readonly Example[];
  readonly test: readonly Example[] | undefined;
}

/** The scores of a run on labeled rows. */
export interface FinetuneScores extends Detailed<Scores>, Measured {
  /** Those of the test's further splits. */
  readonly others?: readonly (Detailed<Scores> & Measured)[];
}

/** A run on labeled rows that is ready to begin. */
export interface PreparedFinetune extends Prepared<HeadName, FinetuneScores> {
  /** What the model began with; undefined for fresh weights. */
  readonly init: FileSource | undefined;
  readonly task: TaskName;
  /** Scores of a bag of words on the rows of each part; none where there is nothing to compare with. */
  readonly bags: Readonly<Record<string, BagOfWordsMetrics>>;
}

/**
 * Reads the rows, makes or loads the model, and encodes. `fold`: these of the training rows are the test. Errors: those of `finetune`.
 */
export async function prepare(
  { options, glue }: WithGlueData<FinetuneOptions<TaskName>>,
  fold?: Fold,
): Promise<PreparedFinetune> {
  const { onMessage = () => {} } = options;
  checkSettings("", options, FINETUNE_SETTINGS);
  const data = await readData(options, fold);
  requireClassifier(data.name, options);
  const init = startingInit(options, textsOf(data));
  const resolved = resolveFinetune(options, { rows: data.train.length, pretrained: init !== undefined });
  const { model, task, lengths } = await (init === undefined
    ? freshStart(data, resolved, options)
    : savedStart(init, data, resolved, options));
  try {
    adapt(model, options);
    const maxLength = model.trainedLength;
    const usualRate = init === undefined ? freshRate(maxLength) : pretrainedRate(totalSize(model.parameters()));
    const settings = { ...resolved, lr: options.lr ?? usualRate, metric: resolved.metric ?? task.metric };
    const encode = (rows: readonly Row[]) => task.encode(rows, model, maxLength);
    const encoded = { train: encode(data.train), valid: encode(data.valid), test: data.test && encode(data.test) };
    for (const line of describe(model, task, settings, encoded)) onMessage(line);
    if (options.metric === undefined) for (const line of task.whyMetric ?? []) onMessage(line);
    onMessage(cutInWords(lengths, maxLength));
    const { train, valid, test } = encoded;
    const course = labeledCourse({ task, model, train, valid, rows: data.train }, settings);
    const length = { steps: stepsOf(settings, course), evalEvery: settings.evalEvery ?? course.perEpoch };
    const { settle, temperature } = settling(task, model, valid, { ...options, calibrate: settings.calibrate });
    const { epochs, ...others } = { ...settings, ...length, maxLength };
    const isByEpochs = options.steps === undefined && options.tokens === undefined;
    const set = isByEpochs ? { ...others, epochs } : others;
    const split = { train: train.length, valid: valid.length, test: test?.length, heldOut: !options.valid };
    return {
      ...{ model, course, settle, init, task: data.name },
      settings: { ...settings, ...length },
      record: recordOf(FINETUNE_SETTINGS, settings.seed, fold ? { ...split, fold } : split, options, set),
      hashData: () => hashesOf(encoded),
      bags: await bagsOf(data, task, encoded, { ...options, ...settings }),
      test:
        test &&
        testOn(task, model, [test, ...(glue?.splits.slice(1) ?? []).map(({ rows }) => encode(rows))], temperature),
    };
  } catch (error) {
    model.close();
    throw error;
  }
}

function* textsOf({ train, task }: LabeledRows): Generator<string> {
  for (const row of train) yield* task.texts(row);
}

/** Scores a model on the test's splits. */
const testOn =
  (
    task: AnyTask,
    model: RoFormer,
    [first, ...others]: readonly [readonly Example[], ...(readonly Example[])[]],
    temperature: () => number | undefined,
  ) =>
  async (signal: AbortSignal | undefined): Promise<FinetuneScores> => {
    const scores = await task.evaluate(model, first, { signal }, temperature());
    const found: (Detailed<Scores> & Measured)[] = [];
    for (const examples of others) found.push(await task.evaluate(model, examples, { signal }, temperature()));
    return { ...scores, others: found };
  };

async function hashesOf({ train, valid, test }: Encoded): Promise<Readonly<Record<string, string>>> {
  return {
    training: await hashExamples(train),
    validation: await hashExamples(valid),
    ...(test && { test: await hashExamples(test) }),
  };
}

/** Refuses settings that the loss of other tasks does not have. Errors: ConfigError. */
function requireClassifier(task: TaskName, { classWeights, labelSmoothing = 0 }: FinetuneOptions<TaskName>): void {
  const set = classWeights !== undefined ? "classWeights" : labelSmoothing > 0 ? "labelSmoothing" : undefined;
  if (set !== undefined && task !== "classify")
    throw new ConfigError(`${set} is for task classify, and this is ${task}`);
}

/** Adds the adapters that are to be trained, if any. Errors: ConfigError, also for adapters together with `freeze`. */
function adapt(model: RoFormer, { lora, freeze, onMessage }: FinetuneOptions<TaskName>): void {
  if (lora !== undefined && model.lora)
    throw new ConfigError(
      "init is an adapter, which is trained on without lora: for a new one, merge it into its base (convert) and begin with that",
    );
  if (lora === undefined && !model.lora) return;
  if (freeze !== undefined)
    throw new ConfigError(
      `freeze cannot be set together with ${lora ? "lora" : "an adapter as init"}, which freezes all but adapters and head`,
    );
  if (lora !== undefined) applyLora(model, lora);
  else
    onMessage?.(
      "init is an adapter: it and its head are trained on, its base stays as it is (to train all weights, merge them first: convert)",
    );
}

/** The bag of words beside a classifier. */
async function bagsOf(
  { name, ...rows }: LabeledRows,
  task: AnyTask,
  examples: Encoded,
  { bagOfWords, signal, onMessage }: Pick<FinetuneOptions, "bagOfWords" | "signal" | "onMessage">,
): Promise<Readonly<Record<string, BagOfWordsMetrics>>> {
  if (name !== "classify" || !bagOfWords) return {};
  const part = (which: "train" | "valid" | "test") => classRows(rows[which]!.map(task.texts), examples[which]!);
  const scored = { validation: part("valid"), test: rows.test && part("test") };
  return baseline(part("train"), scored, { numLabels: task.labels.length, signal, onMessage });
}

/** Steps of a run: as many as are set, or as the tokens or epochs that are set take. `tokens`: those of an epoch. */
function stepsOf(
  { steps, tokens, epochs }: ResolvedFinetune,
  course: { readonly perEpoch: number; readonly tokens: number },
): number {
  if (steps !== undefined) return steps;
  const passes = tokens === undefined ? epochs : tokens / course.tokens;
  return Math.max(1, Math.round(passes * course.perEpoch));
}

/** What is about to be trained, on what, and how. */
function describe(
  model: RoFormer,
  task: AnyTask,
  { batch, lr, warmup, maskRate, seed }: ResolvedFinetune,
  { train, valid, test }: Encoded,
): string[] {
  const { hidden_size, num_hidden_layers, num_attention_heads, vocab_size, hidden_dropout_prob } = model.config;
  const parameters = totalSize(model.parameters()).toLocaleString("en");
  const labels = task.labels.length > 0 ? `; labels ${task.labels.join(", ")}` : "";
  return [
    `${train.length} texts to train, ${valid.length} to validate${test ? `, ${test.length} to test` : ""}${labels}`,
    `${counted(num_hidden_layers, "layer")} × ${hidden_size}, ${counted(num_attention_heads, "head")}, ${parts(model.config).position} positions, ` +
      `vocabulary ${vocab_size}, ${model.trainedLength} tokens a text, ${parameters} parameters`,
    `batches of ${batch}, learning rate ${lr} after ${Math.round(100 * warmup)} % warm-up, dropout ${hidden_dropout_prob}, ` +
      `${Math.round(100 * maskRate)} % of the tokens hidden, seed ${seed}`,
  ];
}
