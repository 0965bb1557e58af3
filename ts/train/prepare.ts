import { type DataSource, sourceName } from "../data/source.js";
import { folds, sameText } from "../data/split.js";
import type { Row } from "../data/values.js";
import { ConfigError, DataError } from "../errors.js";
import { parts } from "../models/families.js";
import { applyLora } from "../models/lora/apply.js";
import type { HeadName } from "../nn/heads/index.js";
import type { RoFormer } from "../roformer.js";
import { totalSize } from "../tensor/tensor.js";
import { trainTokenizer } from "../tokenizers/train.js";
import { type BagOfWordsMetrics, baseline, classRows } from "./baseline.js";
import { hashExamples } from "./checkpoint/hash.js";
import { readTexts, type TextSource } from "./examples.js";
import type { WithGlueData } from "./glue.js";
import { holdOut } from "./holdOut.js";
import { labeledCourse } from "./labeled.js";
import { cutInWords, encodedLengths, usualLength, usualVocabSize } from "./lengths.js";
import type { FinetuneOptions } from "./options.js";
import { renewOutputs, requireEncoder } from "./outputs.js";
import { type Fold, recordOf } from "./record.js";
import type { Prepared } from "./run.js";
import { FINETUNE_SETTINGS, pretrainedRate, type ResolvedFinetune, resolveFinetune } from "./settings/finetune.js";
import { checkSettings } from "./settings/rules.js";
import { freshModel, savedModel } from "./start.js";
import { unstarted } from "./stopped.js";
import { columnsOf } from "./tasks/columns.js";
import type { Detailed } from "./tasks/details.js";
import { type AnyTask, type AnyTaskKind, type TaskName, taskKind } from "./tasks/index.js";
import { inferFromLabels, inferTask } from "./tasks/infer.js";
import { suggestionFor } from "./tasks/suggest.js";
import type { Example, Measured, Scores } from "./tasks/task.js";
import { thresholded } from "./thresholds.js";

/** The rows of a run, and the task that they ask for. */
interface Data {
  readonly task: AnyTask;
  readonly name: TaskName;
  readonly train: readonly Row[];
  readonly valid: readonly Row[];
  readonly test: readonly Row[] | undefined;
}

/** The same rows as ids. */
interface Encoded {
  readonly train: readonly Example[];
  readonly valid: readonly Example[];
  readonly test: readonly Example[] | undefined;
}

/** A model to train, whose tokenizer notes the length of texts. */
interface Started {
  readonly model: RoFormer;
  /** The task with its labels in the order of the model's outputs. */
  readonly task: AnyTask;
  /** Tokens of each training text when nothing is cut. */
  readonly lengths: Int32Array;
}

/** The scores of a run on labeled rows. */
export interface FinetuneScores extends Detailed<Scores>, Measured {
  /** Those of the test's further splits. */
  readonly others?: readonly (Detailed<Scores> & Measured)[];
}

/** A run on labeled rows that is ready to begin. */
export interface PreparedFinetune extends Prepared<HeadName, FinetuneScores> {
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
  const { onMessage = () => {}, init } = options;
  checkSettings("", options, FINETUNE_SETTINGS);
  const data = await readData(options, fold);
  const resolved = resolveFinetune(options, { rows: data.train.length, pretrained: init !== undefined });
  const { model, task, lengths } = await (init === undefined
    ? freshStart(data, resolved, options)
    : savedStart(init, data, resolved, options));
  try {
    adapt(model, options);
    const isOpen = init !== undefined && options.lr === undefined;
    const rate = isOpen ? { lr: pretrainedRate(totalSize(model.parameters())) } : {};
    const settings = { ...resolved, ...rate, metric: resolved.metric ?? task.metric };
    const maxLength = model.trainedLength;
    const encode = (rows: readonly Row[]) => task.encode(rows, model, maxLength);
    const encoded = { train: encode(data.train), valid: encode(data.valid), test: data.test && encode(data.test) };
    for (const line of describe(model, task, settings, encoded)) onMessage(line);
    if (options.metric === undefined) for (const line of task.whyMetric ?? []) onMessage(line);
    onMessage(cutInWords(lengths, maxLength));
    const { train, valid, test } = encoded;
    const course = labeledCourse({ task, model, train, valid, rows: data.train }, settings);
    const length = { steps: stepsOf(settings, course), evalEvery: settings.evalEvery ?? course.perEpoch };
    const settle = thresholded(task, model, valid, options);
    const set = { ...settings, ...length, maxLength };
    const split = { train: train.length, valid: valid.length, test: test?.length, heldOut: !options.valid };
    return {
      ...{ model, course, settle, task: data.name },
      settings: { ...settings, ...length },
      record: recordOf(FINETUNE_SETTINGS, settings.seed, fold ? { ...split, fold } : split, options, set),
      hashData: () => hashesOf(encoded),
      bags: await bagsOf(data, task, encoded, { ...options, ...settings }),
      test: test && testOn(task, model, [test, ...(glue?.splits.slice(1) ?? []).map(({ rows }) => encode(rows))]),
    };
  } catch (error) {
    model.close();
    throw error;
  }
}

/** Scores a model on the test's splits. */
const testOn =
  (task: AnyTask, model: RoFormer, [first, ...others]: readonly [readonly Example[], ...(readonly Example[])[]]) =>
  async (signal: AbortSignal | undefined): Promise<FinetuneScores> => {
    const scores = await task.evaluate(model, first, { signal });
    const found: (Detailed<Scores> & Measured)[] = [];
    for (const examples of others) found.push(await task.evaluate(model, examples, { signal }));
    return { ...scores, others: found };
  };

async function hashesOf({ train, valid, test }: Encoded): Promise<Readonly<Record<string, string>>> {
  return {
    training: await hashExamples(train),
    validation: await hashExamples(valid),
    ...(test && { test: await hashExamples(test) }),
  };
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
  { name, ...rows }: Data,
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

/** A model with fresh weights and a WordPiece tokenizer trained on the training texts. */
async function freshStart(
  { train, task }: Data,
  { seed }: ResolvedFinetune,
  options: FinetuneOptions<TaskName>,
): Promise<Started> {
  const texts = train.flatMap((row) => task.texts(row));
  const vocabSize = options.vocabSize ?? usualVocabSize(texts);
  options.onMessage?.(`training a WordPiece vocabulary of at most ${vocabSize}`);
  const tokenizer = await trainTokenizer({ kind: "wordpiece", lines: texts, vocabSize });
  const lengths = encodedLengths(tokenizer, train.map(task.texts));
  const maxLength = options.maxLength ?? usualLength(lengths);
  const start = { head: task.head, seed, architecture: options, signal: options.signal };
  return { model: adopted(task, freshModel(start, tokenizer, maxLength, task.fields)), task, lengths };
}

/** A model on the encoder of a saved one, whose head it keeps if that has the same outputs. */
async function savedStart(
  init: NonNullable<FinetuneOptions["init"]>,
  { train, task: fresh }: Data,
  { seed }: ResolvedFinetune,
  options: FinetuneOptions<TaskName>,
): Promise<Started> {
  const start = { head: fresh.head, seed, architecture: options, signal: options.signal };
  const { model, config } = await savedModel(init, start, {
    fields: (config) => (fresh.forModel(config) ?? fresh).fields,
    check: requireEncoder,
  });
  try {
    const kept = fresh.forModel(config);
    const task = kept ?? fresh;
    const messages = renewOutputs(model, { config, labels: task.labels, isKept: kept !== undefined, seed });
    for (const line of messages) options.onMessage?.(line);
    const lengths = encodedLengths(model.tokenizer!, train.map(task.texts));
    model.tokenizer!.modelMaxLength = options.maxLength ?? Math.min(usualLength(lengths), model.trainedLength);
    return { model: adopted(task, model), task, lengths };
  } catch (error) {
    model.close();
    throw error;
  }
}

const adopted = (task: AnyTask, model: RoFormer): RoFormer => task.adopt?.(model) ?? model;

/** All rows that the run needs, and the task that they ask for. */
async function readData(options: FinetuneOptions<TaskName>, fold: Fold | undefined): Promise<Data> {
  const { train: source, onMessage, label } = options;
  const named = inferTask(options, nameOf(source));
  const read = async (part: TextSource, what: string, kind: AnyTaskKind) => {
    const rows = await readTexts(part, columnsOf(kind.columns, options), what, options);
    if (options.signal?.aborted) throw unstarted(options);
    return rows;
  };
  const all = await read(source as TextSource, "train", taskKind(named.task));
  const canDiffer = options.task === undefined && named.task === "classify" && typeof label === "string";
  const { task: name, reason } = canDiffer ? inferFromLabels(all, label) : named;
  if (reason !== undefined) onMessage?.(`task ${name}, since ${reason}`);
  const suggestion = canDiffer && name === "classify" ? suggestionFor(all, label) : undefined;
  if (suggestion !== undefined) onMessage?.(suggestion);
  const kind = taskKind(name);
  const task = kind.learn(all, options, options.valid === undefined || fold !== undefined);
  const held = options.valid === undefined ? undefined : await read(options.valid, "valid", kind);
  const { rest, test } = fold
    ? partFold(all, task, { fold, seed: options.seed ?? 0 })
    : { rest: all, test: options.test === undefined ? undefined : await read(options.test, "test", kind) };
  const [train, valid] = held ? [rest, held] : holdOut(rest, task, options.seed ?? 0);
  return { task, name, train, valid, test };
}

/** The rows of a fold, and those of all others. The folds follow from the rows and the seed. */
function partFold(rows: readonly Row[], task: AnyTask, { fold, seed }: { readonly fold: Fold; readonly seed: number }) {
  const texts = rows.map((row) => task.texts(row)[0]!);
  const parts = folds(texts, rows.map(task.stratum), { count: fold.of, seed });
  if (parts.some((part) => part.length === 0)) {
    const different = new Set(texts.map(sameText)).size;
    throw new DataError(
      `${rows[0]!.file}: ${fold.of} folds of ${different} different texts: there must be at least one each`,
    );
  }
  const test = new Set(parts[fold.index - 1]!);
  return { rest: rows.filter((_, i) => !test.has(i)), test: rows.filter((_, i) => test.has(i)) };
}

/** The name of a file, by its path or as it has one; rows in memory have none. */
function nameOf(source: TextSource | undefined): string | undefined {
  if (typeof source === "object" && "rows" in source) return undefined;
  return source === undefined || Array.isArray(source) ? undefined : sourceName(source as DataSource);
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
    `${num_hidden_layers} layers × ${hidden_size}, ${num_attention_heads} heads, ${parts(model.config).position} positions, ` +
      `vocabulary ${vocab_size}, ${model.trainedLength} tokens a text, ${parameters} parameters`,
    `batches of ${batch}, learning rate ${lr} after ${Math.round(100 * warmup)} % warm-up, dropout ${hidden_dropout_prob}, ` +
      `${Math.round(100 * maskRate)} % of the tokens hidden, seed ${seed}`,
  ];
}
