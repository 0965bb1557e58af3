import { labelOf, labelsOf } from "../data/labels.js";
import { sameText, split } from "../data/split.js";
import { type Row, textOf } from "../data/values.js";
import { DataError } from "../errors.js";
import { parts } from "../models/families.js";
import type { RoFormer } from "../roformer.js";
import { totalSize } from "../tensor/tensor.js";
import { type Example, encodeRows, needColumns, readTexts, type TextSource } from "./examples.js";
import { freshModel, pretrainedModel } from "./initial.js";
import { cutInWords } from "./lengths.js";
import { checkNumbers } from "./numbers.js";
import type { FinetuneOptions } from "./options.js";
import { singleLabel } from "./problems/singleLabel.js";
import { unstarted } from "./run.js";
import { type ResolvedSettings, resolveSettings } from "./settings.js";

/** Everything that a run needs, ready: the model belongs to whoever prepared it. */
export interface Prepared {
  readonly model: RoFormer<"sequence-classification">;
  readonly settings: ResolvedSettings;
  readonly problem: ReturnType<typeof singleLabel>;
  readonly train: readonly Example[];
  readonly valid: readonly Example[];
  readonly test: readonly Example[] | undefined;
}

/** Reads the texts, makes or loads the model, and encodes. */
export async function prepare(options: FinetuneOptions): Promise<Prepared> {
  const { onMessage = () => {}, init } = options;
  needColumns(options, ["text", "label"]);
  checkNumbers("", options);
  const { trainRows, validRows, testRows, labels: found } = await readParts(options);
  const settings = resolveSettings(options, { rows: trainRows.length, pretrained: init !== undefined });
  const start = { rows: trainRows, labels: found, settings, options };
  const { model, labels, lengths } = await (init === undefined ? freshModel(start) : pretrainedModel(start, init));
  try {
    const problem = singleLabel(labels);
    const maxLength = model.trainedLength;
    const labelOf = (row: Row) => problem.readLabel(row, options.label);
    const encode = (rows: readonly Row[]) => encodeRows(rows, options, model, { maxLength, labelOf });
    const prepared = {
      ...{ model, settings, problem },
      ...{ train: encode(trainRows), valid: encode(validRows), test: testRows && encode(testRows) },
    };
    describe(prepared, onMessage);
    onMessage(cutInWords(lengths, maxLength));
    return prepared;
  } catch (error) {
    model.close();
    throw error;
  }
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
  const valid = options.valid === undefined ? undefined : await read(options.valid, "valid");
  const testRows = options.test === undefined ? undefined : await read(options.test, "test");
  const [trainRows, validRows] = valid ? [all, valid] : holdOut(all, options);
  return { trainRows, validRows, testRows, labels };
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

function describe({ model, settings, problem, train, valid, test }: Prepared, say: (line: string) => void): void {
  const {
    hidden_size,
    num_hidden_layers,
    num_attention_heads,
    vocab_size,
    hidden_dropout_prob: dropout,
  } = model.config;
  const parameters = totalSize(model.parameters());
  say(
    `${train.length} texts to train, ${valid.length} to validate${test ? `, ${test.length} to test` : ""}; labels ${problem.labels.join(", ")}`,
  );
  say(
    `${num_hidden_layers} layers × ${hidden_size}, ${num_attention_heads} heads, ${parts(model.config).position} positions, ` +
      `vocabulary ${vocab_size}, ${model.trainedLength} tokens a text, ${parameters.toLocaleString("en")} parameters`,
  );
  const { batch, lr, warmup, maskRate, seed } = settings;
  say(
    `batches of ${batch}, learning rate ${lr} after ${Math.round(100 * warmup)} % warm-up, dropout ${dropout}, ` +
      `${Math.round(100 * maskRate)} % of the tokens hidden, seed ${seed}`,
  );
}
