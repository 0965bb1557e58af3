import { init } from "../engine/engine.js";
import { ConfigError, DataError } from "../errors.js";
import type { RoFormerConfig } from "../models/config.js";
import { inWords } from "../models/fit.js";
import type { Model } from "../models/model.js";
import { checkOptions } from "../options.js";
import type { RoFormer } from "../roformer.js";
import { isProjection } from "./architecture.js";
import { continued } from "./continued.js";
import type { TrainingMetrics } from "./course.js";
import { PRETRAIN, type PretrainOptions } from "./options.js";
import { type RunRecord, recordOf } from "./record.js";
import { checkRun, type Prepared, run } from "./run.js";
import { PRETRAIN_SETTINGS, type ResolvedPretrain, resolvePretrain } from "./settings/pretrain.js";
import { checkSettings } from "./settings/rules.js";
import type { WhenAborted } from "./settings/run.js";
import { askedInit, freshModel, savedModel } from "./start.js";
import { clm } from "./tasks/clm.js";
import { mlm } from "./tasks/mlm.js";
import { textCourse } from "./text/course.js";
import type { LanguageMetrics } from "./text/metrics.js";
import { RunText } from "./text/prepare.js";
import { windowsOf } from "./text/windows.js";

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
 * Trains a language model on running text: AdamW, a learning rate that rises linearly and falls to 0, and blocks of the text in
 * a shuffled order, each once an epoch. The text is read as a stream, so it may be of any length. The same options give the same model,
 * bit for bit.
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
  const asked = { ...options, init: askedInit(options) };
  const prepared = await prepare(asked);
  return run<LanguageModelHead, LanguageMetrics, PretrainResult | StoppedPretrainResult>(
    prepared,
    asked,
    ({ model, scores, training }) => ({
      model,
      metrics: { ...(scores && { ...scores, part: "validation" as const }), ...training, ...prepared.record },
    }),
  );
}

const HEADS = { mlm: "masked-lm", clm: "causal-lm" } as const;

async function prepare(options: PretrainOptions): Promise<Prepared<LanguageModelHead, LanguageMetrics>> {
  const { objective, wholeWordMask } = options;
  checkSettings("pretrain: ", options, PRETRAIN_SETTINGS);
  if (!Object.hasOwn(HEADS, objective))
    throw new ConfigError(`pretrain: objective is ${JSON.stringify(objective)}, not "clm" or "mlm"`);
  if (wholeWordMask && objective === "clm") throw new ConfigError("pretrain: wholeWordMask is for the objective mlm");
  const settings = resolvePretrain(options, { pretrained: options.init !== undefined });
  const text = await RunText.open(options, settings);
  try {
    const model = await languageModel(options, settings, text);
    try {
      return await prepared(model, text, options, settings);
    } catch (error) {
      model.close();
      throw error;
    }
  } finally {
    await text.free();
  }
}

async function prepared(
  model: RoFormer<LanguageModelHead>,
  text: RunText,
  options: PretrainOptions,
  settings: ResolvedPretrain,
): Promise<Prepared<LanguageModelHead, LanguageMetrics>> {
  const tokenizer = model.tokenizer!;
  const taskOf = (length: number) => (options.objective === "clm" ? clm(length) : mlm(length, tokenizer));
  taskOf(settings.maxLength); // refuses a wrong tokenizer before the text is encoded
  const encoded = await text.encode(tokenizer);
  const toWindow = windowsOf(encoded, tokenizer, settings.wholeWordMask);
  const course = await textCourse(model, encoded, { taskOf, toWindow }, settings);
  const [train, valid] = [encoded.train.length, encoded.valid.length];
  for (const line of describe(train, valid, course, settings)) options.onMessage?.(line);
  const split = { train, valid, heldOut: text.isHeldOut };
  const [stage, ...others] = settings.stages;
  const { maxLength, batch, stages, ...rest } = settings;
  const used = others.length > 0 ? { ...rest, stages } : { ...rest, ...stage };
  const record = recordOf(PRETRAIN_SETTINGS, settings.seed, split, options, used);
  return { model, course, settings, record, hashData: () => text.hashes(tokenizer) };
}

/** What is about to be trained on, and how. */
function describe(
  train: number,
  valid: number,
  { stepsPerEpoch }: { readonly stepsPerEpoch: readonly number[] },
  { stages, lr, seed }: ResolvedPretrain,
): string[] {
  const lines = stages.map(({ maxLength, batch, steps }, i) => {
    const epochs = steps / stepsPerEpoch[i]!;
    return `${steps} steps of ${batch} × ${maxLength} tokens, ${epochs.toPrecision(2)} times the text`;
  });
  return [
    `${train} tokens to train, ${valid} held out; learning rate ${lr}, seed ${seed}`,
    ...(stages.length === 1 ? lines : lines.map((line, i) => `stage ${i + 1}: ${line}`)),
  ];
}

/** The model to train: with fresh weights, or with those of `init`. */
async function languageModel(
  options: PretrainOptions,
  { maxLength, seed }: ResolvedPretrain,
  text: RunText,
): Promise<RoFormer<LanguageModelHead>> {
  const head: LanguageModelHead = HEADS[options.objective];
  const start = { head, seed, architecture: options, signal: options.signal, onMessage: options.onMessage };
  const { init } = options;
  if (init === undefined) return freshModel(start, await text.tokenizer(), maxLength);
  const fields = (config: RoFormerConfig) => continued(config, options, maxLength);
  const { model } = await savedModel(init, start, { movesPosition: true, fields, check: requireHead });
  const { tokenizer } = model;
  tokenizer!.modelMaxLength = Math.max(maxLength, tokenizer!.modelMaxLength ?? 0);
  return model;
}

/** Refuses a model without the head that is trained; only random features may be fresh. Errors: DataError. */
function requireHead(model: Model, name: string): void {
  const missing = model.missing.filter((tensor) => !isProjection(tensor));
  const mismatched = model.mismatched.filter((tensor) => !isProjection(tensor.name));
  if (missing.length === 0 && mismatched.length === 0) return;
  const wrong = [...missing.map((tensor) => `${tensor} is missing`), ...mismatched.map(inWords)];
  throw new DataError(`pretrain: ${name} has no weights for the head ${model.head}: ${wrong.join("; ")}`);
}
