import { init } from "../engine/engine.js";
import { ConfigError, DataError } from "../errors.js";
import { inWords } from "../models/fit.js";
import type { Model } from "../models/model.js";
import { checkOptions } from "../options.js";
import type { RoFormer } from "../roformer.js";
import { byteTokenizer, characterTokenizer } from "../tokenizers/characters.js";
import { Tokenizer } from "../tokenizers/tokenizer.js";
import { trainTokenizer } from "../tokenizers/train.js";
import { isProjection } from "./architecture.js";
import { bytesOf, hashOf } from "./checkpoint/hash.js";
import { encodeCorpus, holdOut, readCorpus } from "./corpus.js";
import type { TrainingMetrics } from "./course.js";
import { PRETRAIN, type PretrainOptions } from "./options.js";
import { type RunRecord, recordOf } from "./record.js";
import { checkRun, type Prepared, run } from "./run.js";
import { PRETRAIN_SETTINGS, type ResolvedPretrain, resolvePretrain } from "./settings/pretrain.js";
import { checkSettings } from "./settings/rules.js";
import type { WhenAborted } from "./settings/run.js";
import { freshModel, savedModel } from "./start.js";
import { clm } from "./tasks/clm.js";
import { mlm } from "./tasks/mlm.js";
import { type LanguageMetrics, windowCourse } from "./windows.js";

/** The heads of language models. */
export type LanguageModelHead = "masked-lm" | "causal-lm";

/** Where the scores of a language model come from. */
export interface HeldOut {
  /** The text that is held out. */
  readonly part: "validation";
}

/** What {@link pretrain} returns: a model that the caller closes, and how good it is. */
export interface PretrainResult {
  /** The model after its last step; the caller closes it. */
  readonly model: RoFormer<LanguageModelHead>;
  /** How well it guesses the held-out text, and how the training went. */
  readonly metrics: LanguageMetrics & HeldOut & Omit<TrainingMetrics, "epochs"> & RunRecord;
}

/** What {@link pretrain} returns for a run that was stopped, with `whenAborted: "return"`: nothing was evaluated. */
export interface StoppedPretrainResult {
  /** The model as it is; the caller closes it. */
  readonly model: RoFormer<LanguageModelHead>;
  /** How the training went. */
  readonly metrics: Omit<TrainingMetrics, "epochs"> & RunRecord;
}

/**
 * Trains a language model on running text: AdamW, a learning rate that rises linearly and falls to 0, and windows from anywhere in the
 * text. The same options give the same model, bit for bit.
 *
 * @example
 * ```ts
 * const { model, metrics } = await pretrain({ objective: "mlm", data: "corpus.txt", steps: 2000 });
 * console.log(metrics.perplexity);
 * await model.save("./my-model");
 * ```
 * @throws ConfigError for a wrong setting, DataError for text that cannot be read or is too short, CheckpointError before the training
 * if `out` cannot be written, UnsavedError with the model after it, EngineError for a loss that is not a number or where there is no
 * memory, AbortError.
 */
export async function pretrain(options: PretrainOptions): Promise<PretrainResult>;
export async function pretrain(options: PretrainOptions & WhenAborted): Promise<PretrainResult | StoppedPretrainResult>;
export async function pretrain(
  options: PretrainOptions & WhenAborted,
): Promise<PretrainResult | StoppedPretrainResult> {
  checkOptions("pretrain", options, PRETRAIN);
  await init();
  await checkRun(options);
  const prepared = await prepare(options);
  return run<LanguageModelHead, LanguageMetrics, PretrainResult | StoppedPretrainResult>(
    prepared,
    options,
    ({ model, scores, training }) => ({
      model,
      metrics: { ...(scores && { ...scores, part: "validation" as const }), ...training, ...prepared.record },
    }),
  );
}

const HEADS = { mlm: "masked-lm", clm: "causal-lm" } as const;

async function prepare(options: PretrainOptions): Promise<Prepared<LanguageModelHead, LanguageMetrics>> {
  const { onMessage = () => {}, objective } = options;
  checkSettings("pretrain: ", options, PRETRAIN_SETTINGS);
  if (!Object.hasOwn(HEADS, objective))
    throw new ConfigError(`pretrain: objective is ${JSON.stringify(objective)}, not "clm" or "mlm"`);
  const text = await readCorpus(options);
  const held = options.valid && (await readCorpus({ ...options, data: options.valid }));
  const { train, valid } = held === undefined ? holdOut(text, 0.05) : { train: text, valid: held };
  const settings = resolvePretrain(options, { pretrained: options.init !== undefined });
  const model = await languageModel(options, settings, train);
  try {
    const tokenizer = model.tokenizer!;
    const task = objective === "clm" ? clm(settings.maxLength) : mlm(settings.maxLength, tokenizer);
    const encoded = {
      ...{ train: encodeCorpus(tokenizer, train), valid: encodeCorpus(tokenizer, valid) },
      characters: [...valid].length,
    };
    const course = windowCourse(task, model, encoded, settings);
    onMessage(
      `${encoded.train.length} tokens to train, ${encoded.valid.length} held out; batches of ${settings.batch} × ` +
        `${task.window}, learning rate ${settings.lr}, seed ${settings.seed}`,
    );
    const split = { train: encoded.train.length, valid: encoded.valid.length, heldOut: held === undefined };
    const used = { ...settings, maxLength: task.window };
    const record = recordOf(PRETRAIN_SETTINGS, settings.seed, split, options, used);
    const hashData = async () => ({
      training: await hashOf([bytesOf(encoded.train)]),
      validation: await hashOf([bytesOf(encoded.valid)]),
    });
    return { model, course, settings, record, hashData };
  } catch (error) {
    model.close();
    throw error;
  }
}

/** The model to train: with fresh weights, or with those of `init`. */
async function languageModel(
  options: PretrainOptions,
  { maxLength, seed, vocabSize }: ResolvedPretrain,
  text: string,
): Promise<RoFormer<LanguageModelHead>> {
  const head: LanguageModelHead = HEADS[options.objective];
  const start = { head, seed, architecture: options, signal: options.signal };
  if (options.init === undefined) return freshModel(start, await tokenizerOf(options, text, vocabSize), maxLength);
  return (await savedModel(options.init, start, { check: requireHead })).model;
}

async function tokenizerOf({ objective, tokenizer }: PretrainOptions, text: string, vocabSize: number) {
  const name = tokenizer ?? (objective === "clm" ? "char" : undefined);
  if (name === "char") return characterTokenizer(text);
  if (name === "byte") return byteTokenizer();
  if (name === "jieba") throw new ConfigError("pretrain: tokenizer jieba: give the folder of a RoFormer tokenizer");
  return name === undefined
    ? trainTokenizer({ kind: "wordpiece", lines: text.split("\n"), vocabSize })
    : Tokenizer.load(name);
}

/** Refuses a model without the head that is trained; only random features may be fresh. Errors: DataError. */
function requireHead(model: Model, name: string): void {
  const missing = model.missing.filter((tensor) => !isProjection(tensor));
  const mismatched = model.mismatched.filter((tensor) => !isProjection(tensor.name));
  if (missing.length === 0 && mismatched.length === 0) return;
  const wrong = [...missing.map((tensor) => `${tensor} is missing`), ...mismatched.map(inWords)];
  throw new DataError(`pretrain: ${name} has no weights for the head ${model.head}: ${wrong.join("; ")}`);
}
