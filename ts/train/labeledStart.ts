import type { Row } from "../data/values.js";
import type { RoFormer } from "../roformer.js";
import type { Tokenizer } from "../tokenizers/tokenizer.js";
import { trainTokenizer } from "../tokenizers/train.js";
import type { LabeledRows } from "./labeledData.js";
import { encodedLengths, usualLength, usualVocabSize } from "./lengths.js";
import type { FinetuneOptions } from "./options.js";
import { renewOutputs, requireEncoder } from "./outputs.js";
import type { ResolvedFinetune } from "./settings/finetune.js";
import { freshModel, savedModel } from "./start.js";
import type { AnyTask, TaskName } from "./tasks/index.js";

/** A model to train, whose tokenizer notes the length of texts. */
export interface Started {
  readonly model: RoFormer;
  /** The task with its labels in the order of the model's outputs. */
  readonly task: AnyTask;
  /** Tokens of each training sequence when nothing is cut. */
  readonly lengths: Int32Array;
}

/** Tokens of every sequence of the rows when nothing is cut. */
const lengthsOf = (tokenizer: Tokenizer, rows: readonly Row[], task: AnyTask): Int32Array =>
  encodedLengths(
    tokenizer,
    rows.flatMap((row) => task.sequences?.(row) ?? [task.texts(row)]),
  );

/** A model with fresh weights and a WordPiece tokenizer trained on the training texts. */
export async function freshStart(
  { train, task }: LabeledRows,
  { seed }: ResolvedFinetune,
  options: FinetuneOptions<TaskName>,
): Promise<Started> {
  const { signal, onMessage } = options;
  const texts = train.flatMap((row) => task.texts(row));
  const vocabSize = options.vocabSize ?? usualVocabSize(texts);
  onMessage?.(`training a WordPiece vocabulary of at most ${vocabSize}`);
  const tokenizer = await trainTokenizer({ kind: "wordpiece", lines: texts, vocabSize });
  const lengths = lengthsOf(tokenizer, train, task);
  const maxLength = options.maxLength ?? usualLength(lengths);
  const start = { head: task.head, seed, architecture: options, signal, onMessage };
  return { model: adopted(task, freshModel(start, tokenizer, maxLength, task.fields)), task, lengths };
}

/** A model on the encoder of a saved one, whose head it keeps if that has the same outputs. */
export async function savedStart(
  init: NonNullable<FinetuneOptions["init"]>,
  { train, task: fresh }: LabeledRows,
  { seed }: ResolvedFinetune,
  options: FinetuneOptions<TaskName>,
): Promise<Started> {
  const { signal, onMessage } = options;
  const start = { head: fresh.head, seed, architecture: options, signal, onMessage };
  const { model, config } = await savedModel(init, start, {
    fields: (config) => (fresh.forModel(config) ?? fresh).fields,
    check: requireEncoder,
  });
  try {
    const kept = fresh.forModel(config);
    const task = kept ?? fresh;
    const messages = renewOutputs(model, { config, labels: task.labels, isKept: kept !== undefined, seed });
    for (const line of messages) onMessage?.(line);
    const lengths = lengthsOf(model.tokenizer!, train, task);
    model.tokenizer!.modelMaxLength = options.maxLength ?? Math.min(usualLength(lengths), model.trainedLength);
    return { model: adopted(task, model), task, lengths };
  } catch (error) {
    model.close();
    throw error;
  }
}

const adopted = (task: AnyTask, model: RoFormer): RoFormer => task.adopt?.(model) ?? model;
