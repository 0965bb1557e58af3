import { labelOf, labelsOf } from "../data/labels.js";
import { sameText, split } from "../data/split.js";
import { type Row, textOf } from "../data/values.js";
import { DataError } from "../errors.js";
import { parts } from "../models/families.js";
import type { RoFormer } from "../roformer.js";
import { totalSize } from "../tensor/tensor.js";
import { trainTokenizer } from "../tokenizers/train.js";
import { needColumns, readTexts, type TextSource } from "./examples.js";
import { labelledCourse } from "./labelled.js";
import { cutInWords, encodedLengths, textsOf, usualLength, usualVocabSize } from "./lengths.js";
import type { FinetuneOptions } from "./options.js";
import { renewOutputs, requireEncoder } from "./outputs.js";
import type { Prepared } from "./run.js";
import { FINETUNE_SETTINGS, type ResolvedFinetune, resolveFinetune } from "./settings/finetune.js";
import { checkSettings } from "./settings/rules.js";
import { freshModel, savedModel } from "./start.js";
import { unstarted } from "./stopped.js";
import { type ClassifierScores, classify } from "./tasks/classify.js";
import type { SequenceTask } from "./tasks/sequences.js";
import type { Example, Measured } from "./tasks/task.js";

type Classifier = RoFormer<"sequence-classification">;
type Classification = SequenceTask<number, ClassifierScores>;
type Started = {
  readonly model: Classifier;
  /** The task with the labels in the order of the model's outputs. */
  readonly task: Classification;
  /** Tokens of each training text when nothing is cut. */
  readonly lengths: Int32Array;
};
type Rows = Awaited<ReturnType<typeof readParts>>;

/** Reads the texts, makes or loads the model, and encodes. Errors: those of `finetune`. */
export async function prepare(
  options: FinetuneOptions,
): Promise<Prepared<"sequence-classification", ClassifierScores & Measured>> {
  const { onMessage = () => {}, init } = options;
  needColumns(options, ["text", "label"]);
  checkSettings("", options, FINETUNE_SETTINGS);
  const rows = await readParts(options);
  const settings = resolveFinetune(options, { rows: rows.train.length, pretrained: init !== undefined });
  const fresh = classify(rows.labels);
  const { model, task, lengths } = await (init === undefined
    ? freshClassifier(rows, fresh, settings, options)
    : savedClassifier(init, rows, fresh, settings, options));
  try {
    const encode = (part: readonly Row[]) => task.encode(part, options, model, model.trainedLength);
    const data = { train: encode(rows.train), valid: encode(rows.valid), test: rows.test && encode(rows.test) };
    for (const line of describe(model, task, settings, data)) onMessage(line);
    onMessage(cutInWords(lengths, model.trainedLength));
    const course = labelledCourse({ task, model, ...data }, settings);
    const { test } = data;
    return {
      ...{ model, course },
      settings: { ...settings, steps: settings.steps ?? settings.epochs * course.perEpoch, evalEvery: course.perEpoch },
      test: test && ((signal) => task.evaluate(model, test, { signal })),
    };
  } catch (error) {
    model.close();
    throw error;
  }
}

/** A classifier with fresh weights and a WordPiece tokenizer trained on the training texts. */
async function freshClassifier(
  { train }: Rows,
  task: Classification,
  { seed }: ResolvedFinetune,
  options: FinetuneOptions,
): Promise<Started> {
  const vocabSize = options.vocabSize ?? usualVocabSize(textsOf(train, options));
  options.onMessage?.(`training a WordPiece vocabulary of at most ${vocabSize}`);
  const tokenizer = await trainTokenizer({ kind: "wordpiece", lines: textsOf(train, options), vocabSize });
  const lengths = encodedLengths(tokenizer, train, options);
  const maxLength = options.maxLength ?? usualLength(lengths);
  const start = { head: task.head, seed, architecture: options, signal: options.signal };
  return { model: freshModel(start, tokenizer, maxLength, task.fields), task, lengths };
}

/** A classifier on the encoder of a saved model, whose head it keeps if that tells the same labels apart. */
async function savedClassifier(
  init: NonNullable<FinetuneOptions["init"]>,
  { train }: Rows,
  fresh: Classification,
  { seed }: ResolvedFinetune,
  options: FinetuneOptions,
): Promise<Started> {
  const start = { head: fresh.head, seed, architecture: options, signal: options.signal };
  const { model, config } = await savedModel(init, start, {
    fields: (config) => (fresh.forModel(config) ?? fresh).fields,
    check: requireEncoder,
  });
  const kept = fresh.forModel(config);
  const task = kept ?? fresh;
  const messages = renewOutputs(model, { config, labels: task.labels, isKept: kept !== undefined, seed });
  for (const line of messages) options.onMessage?.(line);
  const lengths = encodedLengths(model.tokenizer!, train, options);
  model.tokenizer!.modelMaxLength = options.maxLength ?? Math.min(usualLength(lengths), model.trainedLength);
  return { model, task, lengths };
}

/** All rows that the run needs, and the labels of those to train on. */
async function readParts(options: FinetuneOptions) {
  const read = async (source: TextSource, what: string) => {
    const rows = await readTexts(source, options, what, options);
    if (options.signal?.aborted) throw unstarted(options);
    return rows;
  };
  const all = await read(options.train, "train");
  const labels = labelsOf(all, options.label, { once: options.valid === undefined ? "error" : "allow" });
  const held = options.valid === undefined ? undefined : await read(options.valid, "valid");
  const test = options.test === undefined ? undefined : await read(options.test, "test");
  const [train, valid] = held ? [all, held] : holdOut(all, options);
  return { train, valid, test, labels };
}

function holdOut(rows: readonly Row[], { text, label, seed = 0 }: FinetuneOptions): [Row[], Row[]] {
  const texts = rows.map((row) => textOf(row, text));
  const labels = rows.map((row) => labelOf(row, label));
  const [train, valid] = split(texts, labels, { shares: [0.9, 0.1], seed });
  if (valid!.length === 0) throw tooFew(rows, texts);
  return [train!.map((i) => rows[i]!), valid!.map((i) => rows[i]!)];
}

/** Rows from which a tenth should be enough, but that cannot be parted. */
const ENOUGH = 10;

function tooFew(rows: readonly Row[], texts: readonly string[]): DataError {
  const different = new Set(texts.map(sameText)).size;
  const together = `have only ${different} different texts, and rows of one text stay together`;
  const what =
    different === rows.length
      ? "are too few to hold some out"
      : rows.length < ENOUGH
        ? `are too few to hold some out: they ${together}`
        : `${together}, so that none can be held out`;
  return new DataError(`${rows[0]!.file}: ${rows.length} rows ${what}; name a file to validate with (valid)`);
}

/** What is about to be trained, on what, and how. */
function describe(
  model: Classifier,
  task: Classification,
  { batch, lr, warmup, maskRate, seed }: ResolvedFinetune,
  { train, valid, test }: { [K in "train" | "valid"]: readonly Example[] } & { test: readonly Example[] | undefined },
): string[] {
  const { hidden_size, num_hidden_layers, num_attention_heads, vocab_size, hidden_dropout_prob } = model.config;
  const parameters = totalSize(model.parameters()).toLocaleString("en");
  return [
    `${train.length} texts to train, ${valid.length} to validate${test ? `, ${test.length} to test` : ""}; ` +
      `labels ${task.labels.join(", ")}`,
    `${num_hidden_layers} layers × ${hidden_size}, ${num_attention_heads} heads, ${parts(model.config).position} positions, ` +
      `vocabulary ${vocab_size}, ${model.trainedLength} tokens a text, ${parameters} parameters`,
    `batches of ${batch}, learning rate ${lr} after ${Math.round(100 * warmup)} % warm-up, dropout ${hidden_dropout_prob}, ` +
      `${Math.round(100 * maskRate)} % of the tokens hidden, seed ${seed}`,
  ];
}
