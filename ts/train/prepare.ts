import { type LabelSet, labelSet, labelsOf } from "../data/labels.js";
import type { Row } from "../data/rows.js";
import { split } from "../data/split.js";
import { DataError } from "../errors.js";
import { parts } from "../models/families.js";
import type { RoFormer } from "../models/roformer.js";
import { trainedLength } from "../pipelines/batches.js";
import { totalSize } from "../tensor/tensor.js";
import { type Example, encodeRows, needColumns, readTexts, type TextSource } from "./examples.js";
import type { FinetuneOptions } from "./finetune.js";
import { freshModel, pretrainedModel } from "./initial.js";
import { unstarted } from "./run.js";
import { type DataFacts, type ResolvedSettings, resolveSettings } from "./settings.js";

/** Everything that a run needs, ready: the model belongs to whoever prepared it. */
export interface Prepared {
  readonly model: RoFormer;
  readonly settings: ResolvedSettings;
  readonly labels: LabelSet;
  readonly train: readonly Example[];
  readonly valid: readonly Example[];
  readonly test: readonly Example[] | undefined;
}

/** Reads the texts, makes or loads the model, and encodes. */
export async function prepare(options: FinetuneOptions): Promise<Prepared> {
  const { onMessage = () => {} } = options;
  needColumns(options, ["text", "label"]);
  const read = async (source: TextSource, what: string) => {
    const rows = await readTexts(source, options, what, options.format);
    if (options.signal?.aborted) throw unstarted(options);
    return rows;
  };
  const all = await read(options.train, "train");
  const labels = labelsOf(all, options.label, { once: options.valid === undefined ? "error" : "allow" });
  const validRows = options.valid === undefined ? undefined : await read(options.valid, "valid");
  const testRows = options.test === undefined ? undefined : await read(options.test, "test");
  const [trainRows, heldOut] = validRows ? [all, validRows] : holdOut(all, options);
  const settings = resolveSettings(options, facts(trainRows, options));
  const start = { rows: trainRows, labels, settings, options };
  const model = options.init === undefined ? await freshModel(start) : await pretrainedModel(start, options.init);
  try {
    const encode = (rows: readonly Row[]) =>
      encodeRows(rows, options, model, { maxLength: trainedLength(model), labels });
    const prepared = {
      ...{ model, settings, labels: labelSet(labels.names) },
      ...{ train: encode(trainRows), valid: encode(heldOut), test: testRows && encode(testRows) },
    };
    describe(prepared, onMessage);
    return prepared;
  } catch (error) {
    model.close();
    throw error;
  }
}

function holdOut(rows: readonly Row[], { text, label, seed = 0 }: FinetuneOptions): [Row[], Row[]] {
  const values = (column: string) => rows.map((row) => row.values[column]!);
  const [train, valid] = split(values(text), values(label), { shares: [0.9, 0.1], seed });
  if (valid!.length === 0)
    throw new DataError(
      `${rows[0]!.file}: ${rows.length} rows are too few to hold some out: name a file to validate with`,
    );
  return [train!.map((i) => rows[i]!), valid!.map((i) => rows[i]!)];
}

function facts(rows: readonly Row[], { text, textPair, init }: FinetuneOptions): DataFacts {
  const words = new Set<string>();
  const lengths = rows.map(({ values }) => {
    const list =
      `${values[text]} ${textPair === undefined ? "" : values[textPair]}`
        .toLowerCase()
        .match(/[\p{L}\p{M}\p{N}]+|[^\s\p{L}\p{M}\p{N}]/gu) ?? [];
    for (const word of list) if (words.size < 100_000) words.add(word);
    return list.length;
  });
  const sorted = lengths.sort((a, b) => a - b);
  return {
    rows: rows.length,
    words: words.size,
    longWords: sorted[Math.floor(0.9 * sorted.length)]!,
    pretrained: init !== undefined,
  };
}

function describe({ model, settings, labels, train, valid, test }: Prepared, say: (line: string) => void): void {
  const {
    hidden_size,
    num_hidden_layers,
    num_attention_heads,
    vocab_size,
    hidden_dropout_prob: dropout,
  } = model.config;
  const parameters = totalSize(model.parameters());
  say(
    `${train.length} texts to train, ${valid.length} to validate${test ? `, ${test.length} to test` : ""}; labels ${labels.names.join(", ")}`,
  );
  say(
    `${num_hidden_layers} layers × ${hidden_size}, ${num_attention_heads} heads, ${parts(model.config).position} positions, ` +
      `vocabulary ${vocab_size}, ${trainedLength(model)} tokens a text, ${parameters.toLocaleString("en")} parameters`,
  );
  const { batch, lr, warmup, maskRate, seed } = settings;
  say(
    `batches of ${batch}, learning rate ${lr} after ${Math.round(100 * warmup)} % warm-up, dropout ${dropout}, ` +
      `${Math.round(100 * maskRate)} % of the tokens hidden, seed ${seed}`,
  );
}
