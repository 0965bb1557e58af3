import { inOrderOf, type LabelSet, labelSet } from "../data/labels.js";
import type { Row } from "../data/values.js";
import { CheckpointError, ConfigError } from "../errors.js";
import { type FileSource, type Files, hubHint } from "../io/files.js";
import { transformerFiles } from "../io/modules.js";
import { readWhole } from "../io/whole.js";
import { labelNames, type RoFormerConfig, type RoFormerConfigInput } from "../models/config.js";
import { families } from "../models/families.js";
import { inWords } from "../models/fit.js";
import { readConfig } from "../models/load.js";
import { RoFormer } from "../roformer.js";
import { Tokenizer } from "../tokenizers/tokenizer.js";
import { trainTokenizer } from "../tokenizers/train.js";
import { architecture, changes, DECIDED, isProjection, requireVocabulary } from "./architecture.js";
import { problemTypeOf } from "./evaluate.js";
import { encodedLengths, textsOf, usualLength, usualVocabSize } from "./lengths.js";
import type { FinetuneOptions } from "./options.js";
import type { ResolvedSettings } from "./settings.js";

/** What a model is made from at the start of fine-tuning. */
export interface Start {
  readonly rows: readonly Row[];
  /** The labels of the texts. */
  readonly labels: LabelSet;
  readonly settings: ResolvedSettings;
  readonly options: FinetuneOptions;
}

/** A model to train, whose tokenizer notes the length of texts; the caller closes it. */
export interface Started {
  readonly model: RoFormer<"sequence-classification">;
  /** The labels in the order of the model's outputs. */
  readonly labels: LabelSet;
  /** Tokens of each text when nothing is cut. */
  readonly lengths: Int32Array;
}

const HEAD = "sequence-classification";

/** A classifier with fresh weights and a WordPiece tokenizer trained on the training texts. */
export async function freshModel({ rows, labels, settings, options }: Start): Promise<Started> {
  const vocabSize = options.vocabSize ?? usualVocabSize(textsOf(rows, options));
  options.onMessage?.(`training a WordPiece vocabulary of at most ${vocabSize}`);
  const tokenizer = await trainTokenizer({ kind: "wordpiece", lines: textsOf(rows, options), vocabSize });
  const lengths = encodedLengths(tokenizer, rows, options);
  const maxLength = options.maxLength ?? usualLength(lengths);
  tokenizer.modelMaxLength = maxLength;
  const config: RoFormerConfigInput = {
    ...architecture(options, tokenizer, { maxLength, head: HEAD }),
    ...labelFields(labels),
  };
  return { model: RoFormer.create(config, { head: HEAD, seed: settings.seed, tokenizer }), labels, lengths };
}

/**
 * A classifier on the encoder of a saved model. If that model tells the same labels apart, they keep its order and it keeps its head; if
 * not, the output layer is fresh.
 */
export async function pretrainedModel(start: Start, source: FileSource): Promise<Started> {
  const { settings, options } = start;
  const set = DECIDED.find((name) => options[name] !== undefined);
  if (set) throw new ConfigError(`${set} cannot be set together with init: the model's own is kept`);
  const read = await readWhole(
    source,
    { signal: options.signal },
    (files) => encoderOf(files, start),
    ({ model }) => model.close(),
  );
  const { model, config, labels, isKept } = read;
  try {
    const renewed = isKept ? [] : renewOutput(model, settings.seed);
    const mismatched = model.mismatched.map(({ name }) => name);
    if ([...renewed, ...mismatched].some(isOutput)) options.onMessage?.(whyFresh(config, labels));
    const fresh = [...model.missing, ...mismatched, ...renewed];
    if (fresh.length > 0) options.onMessage?.(`fresh weights: ${fresh.join(", ")}`);
    const lengths = encodedLengths(model.tokenizer!, start.rows, options);
    model.tokenizer!.modelMaxLength = options.maxLength ?? Math.min(usualLength(lengths), model.trainedLength);
    return { model, labels, lengths };
  } catch (error) {
    model.close();
    throw error;
  }
}

/** The model of a folder with the labels in its order, if they are the ones that it tells apart. */
async function encoderOf(files: Files, start: Start) {
  const folder = await transformerFiles(files);
  if (!(await Tokenizer.isIn(folder)))
    throw new ConfigError(
      `${files.name} has no tokenizer.json or vocab.txt to encode texts with${await hubHint(files)}`,
    );
  const config = await readConfig(folder);
  const kept = problemTypeOf(config) === "single_label_classification" ? sameLabels(config, start.labels) : undefined;
  const labels = kept ?? start.labels;
  const model = await loadForTraining(files, config, labels, start);
  try {
    requireEncoder(model);
    requireVocabulary(model, files.name);
    return { model, config, labels, isKept: kept !== undefined };
  } catch (error) {
    model.close();
    throw error;
  }
}

const sameLabels = (config: RoFormerConfig, labels: LabelSet) =>
  inOrderOf(labelSet(labelNames(config), config.label2id), labels);

function loadForTraining(
  files: Files,
  config: RoFormerConfig,
  labels: LabelSet,
  { settings: { seed }, options }: Start,
): Promise<Started["model"]> {
  const changed = { ...labelFields(labels), ...changes(options, config, HEAD) };
  return RoFormer.load(files, { head: HEAD, strict: false, signal: options.signal, seed, config: changed });
}

/** Whether a parameter belongs to the layer with an output for each label, of either family. */
const isOutput = (name: string): boolean => /^classifier\.(out_proj\.)?(weight|bias)$/.test(name);

/** Gives the output layer fresh values where the file's were loaded: they mean other labels. Returns the names. */
function renewOutput(model: RoFormer, seed: number): string[] {
  const fresh = new Set([...model.missing, ...model.mismatched.map(({ name }) => name)]);
  const isLoaded = (name: string) => isOutput(name) && !fresh.has(name);
  model.store.initialise(seed, isLoaded);
  return model.store.parameters.map(({ name }) => name).filter(isLoaded);
}

function whyFresh(config: RoFormerConfig, { names }: LabelSet): string {
  const type = problemTypeOf(config);
  const other =
    type === "single_label_classification"
      ? `tells ${some(labelNames(config))} apart and the texts have ${some(names)}`
      : `has problem_type ${type} and the texts have one label each`;
  return `the model ${other}: its output layer begins with fresh weights`;
}

const some = (names: readonly string[]): string => names.slice(0, 10).join(", ") + (names.length > 10 ? ", …" : "");

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
