import type { LabelSet } from "../data/labels.js";
import type { Row } from "../data/rows.js";
import { CheckpointError, ConfigError } from "../errors.js";
import { type FileSource, hubHint, openFiles } from "../io/files.js";
import { transformerFiles } from "../io/modules.js";
import type { RoFormerConfigInput } from "../models/config.js";
import { families } from "../models/families.js";
import { inWords } from "../models/fit.js";
import { readConfig } from "../models/load.js";
import { RoFormer } from "../models/roformer.js";
import { trainedLength } from "../pipelines/batches.js";
import { Tokenizer } from "../tokenizers/tokenizer.js";
import { trainTokenizer } from "../tokenizers/train.js";
import { architecture, changes, DECIDED, isProjection, requireVocabulary } from "./architecture.js";
import type { FinetuneOptions } from "./finetune.js";
import type { ResolvedSettings } from "./settings.js";

/** What a model is made from at the start of fine-tuning. */
export interface Start {
  readonly rows: readonly Row[];
  readonly labels: LabelSet;
  readonly settings: ResolvedSettings;
  readonly options: FinetuneOptions;
}

/** A classifier with fresh weights and a WordPiece tokenizer trained on the training texts. */
export async function freshModel({ rows, labels, settings, options }: Start): Promise<RoFormer> {
  options.onMessage?.(`training a WordPiece vocabulary of at most ${settings.vocabSize}`);
  const tokenizer = await trainTokenizer({
    kind: "wordpiece",
    lines: texts(rows, options),
    vocabSize: settings.vocabSize,
  });
  tokenizer.modelMaxLength = settings.maxLength;
  const { maxLength, seed } = settings;
  const head = "sequence-classification";
  const config: RoFormerConfigInput = {
    ...architecture(options, tokenizer, { maxLength, head }),
    ...labelFields(labels),
  };
  return RoFormer.create(config, { head, seed, tokenizer });
}

/** A classifier on the encoder of a saved model; its head is fresh unless that model tells the same labels apart. */
export async function pretrainedModel({ labels, settings, options }: Start, source: FileSource): Promise<RoFormer> {
  const set = DECIDED.find((name) => options[name] !== undefined);
  if (set) throw new ConfigError(`${set} cannot be set together with init: the model's own is kept`);
  const files = openFiles(source);
  const folder = await transformerFiles(files);
  if (!(await Tokenizer.isIn(folder)))
    throw new ConfigError(
      `${files.name} has no tokenizer.json or vocab.txt to encode texts with${await hubHint(files)}`,
    );
  const config = await readConfig(folder);
  const model = await RoFormer.load(files, {
    head: "sequence-classification",
    strict: false,
    seed: settings.seed,
    config: {
      ...labelFields(labels),
      ...changes(options, config, "sequence-classification"),
    },
  });
  try {
    requireEncoder(model);
    requireVocabulary(model, files.name);
  } catch (error) {
    model.close();
    throw error;
  }
  model.tokenizer!.modelMaxLength = options.maxLength ?? Math.min(settings.maxLength, trainedLength(model));
  const fresh = [...model.missing, ...model.mismatched.map(({ name }) => name)];
  if (fresh.length > 0) options.onMessage?.(`fresh weights: ${fresh.join(", ")}`);
  return model;
}

/** A head may be of another size, as it told other labels apart; an encoder of another size is another model's. */
function requireEncoder(model: RoFormer): void {
  const encoder = `${families[model.config.model_type].prefix}.`;
  const wrong = model.mismatched.filter(({ name }) => name.startsWith(encoder) && !isProjection(name));
  if (wrong.length === 0) return;
  throw new CheckpointError(`the weights do not fit their config.json. Wrong shapes: ${wrong.map(inWords).join("; ")}`);
}

const labelFields = ({ names }: LabelSet) => ({
  problem_type: "single_label_classification" as const,
  num_labels: names.length,
  id2label: Object.fromEntries(names.map((name, id) => [String(id), name])),
  label2id: Object.fromEntries(names.map((name, id) => [name, id])),
  // A cross-encoder's activation is for its own labels.
  sentence_transformers: undefined,
  sbert_ce_default_activation_function: undefined,
});

function* texts(rows: readonly Row[], { text, textPair }: FinetuneOptions): Generator<string> {
  for (const { values } of rows) {
    yield values[text]!;
    if (textPair !== undefined) yield values[textPair]!;
  }
}
