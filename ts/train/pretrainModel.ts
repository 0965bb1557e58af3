import { ConfigError, DataError } from "../errors.js";
import type { Files } from "../io/files.js";
import { transformerFiles } from "../io/modules.js";
import { readWhole } from "../io/whole.js";
import { inWords } from "../models/fit.js";
import { readConfig } from "../models/load.js";
import { RoFormer } from "../roformer.js";
import { byteTokenizer, characterTokenizer } from "../tokenizers/characters.js";
import { Tokenizer } from "../tokenizers/tokenizer.js";
import { trainTokenizer } from "../tokenizers/train.js";
import { architecture, changes, DECIDED, isProjection, requireVocabulary } from "./architecture.js";
import { checkNumbers } from "./numbers.js";
import { causal, masked, type Objective } from "./objectives.js";
import type { PretrainOptions } from "./options.js";

/** Tokens of the shortest window: two special ones, and two to tell apart. */
const SHORTEST = 4;

/** The model that is trained. */
type LanguageModel = RoFormer<"causal-lm" | "masked-lm">;

/** Settings of training with nothing left open. Errors: ConfigError. */
export function resolve(options: PretrainOptions) {
  const { maxLength = 256, steps = 1000, batch = 16, warmup = 0.1, seed = 0, recompute = false } = options;
  const { featureRedrawInterval } = options;
  const { lr = options.init === undefined ? 1e-3 : 1e-4, weightDecay = 0.01, maxGradNorm = 1 } = options;
  checkNumbers("pretrain: ", options);
  if (maxLength < SHORTEST)
    throw new ConfigError(`pretrain: maxLength is ${maxLength}, not a whole number of at least 4`);
  if (options.objective !== "clm" && options.objective !== "mlm")
    throw new ConfigError(`pretrain: objective is ${JSON.stringify(options.objective)}, not "clm" or "mlm"`);
  return { maxLength, steps, batch, warmup, seed, recompute, featureRedrawInterval, lr, weightDecay, maxGradNorm };
}

/** The objective by its name. */
export function objectiveOf(name: "clm" | "mlm", maxLength: number, tokenizer: Tokenizer): Objective {
  if (name === "clm") return causal(maxLength);
  const { maskTokenId } = tokenizer;
  if (maskTokenId === undefined) throw new ConfigError("pretrain: mlm needs a tokenizer with a mask token");
  return masked(maxLength, tokenizer, maskTokenId);
}

/** The model to train: with fresh weights, or with those of `init`. */
export async function languageModel(
  options: PretrainOptions,
  { maxLength, seed }: ReturnType<typeof resolve>,
  text: string,
): Promise<LanguageModel> {
  const head = options.objective === "clm" ? "causal-lm" : "masked-lm";
  if (options.init !== undefined) return pretrained(options, head, seed);
  const tokenizer = await tokenizerOf(options, text);
  tokenizer.modelMaxLength = maxLength;
  return RoFormer.create(architecture(options, tokenizer, { maxLength, head }), { head, seed, tokenizer });
}

async function tokenizerOf({ objective, tokenizer, vocabSize = 8000 }: PretrainOptions, text: string) {
  const name = tokenizer ?? (objective === "clm" ? "char" : undefined);
  if (name === "char") return characterTokenizer(text);
  if (name === "byte") return byteTokenizer();
  if (name === "jieba") throw new ConfigError("pretrain: tokenizer jieba: give the folder of a RoFormer tokenizer");
  return name === undefined
    ? trainTokenizer({ kind: "wordpiece", lines: text.split("\n"), vocabSize })
    : Tokenizer.load(name);
}

/** `init`'s model, if wanted with another attention: its projections are then fresh, and nothing else. */
async function pretrained(
  options: PretrainOptions,
  head: "causal-lm" | "masked-lm",
  seed: number,
): Promise<LanguageModel> {
  const set = ([...DECIDED, "tokenizer"] as const).find((name) => options[name] !== undefined);
  if (set) throw new ConfigError(`${set} cannot be set together with init: the model's own is kept`);
  return readWhole(
    options.init!,
    { signal: options.signal },
    (files) => pretrainedFrom(files, options, head, seed),
    (read) => read.close(),
  );
}

async function pretrainedFrom(
  files: Files,
  options: PretrainOptions,
  head: "causal-lm" | "masked-lm",
  seed: number,
): Promise<LanguageModel> {
  const model = await RoFormer.load(files, {
    head,
    strict: false,
    signal: options.signal,
    seed,
    config: changes(options, await readConfig(await transformerFiles(files)), head),
  });
  try {
    const missing = model.missing.filter((name) => !isProjection(name));
    const mismatched = model.mismatched.filter(({ name }) => !isProjection(name));
    if (missing.length > 0 || mismatched.length > 0) {
      const wrong = [...missing.map((name) => `${name} is missing`), ...mismatched.map(inWords)];
      throw new DataError(`pretrain: ${files.name} is no model with the head ${head}: ${wrong.join("; ")}`);
    }
    if (!model.tokenizer) throw new ConfigError(`${files.name} has no tokenizer to encode text with`);
    requireVocabulary(model, files.name);
    return model;
  } catch (error) {
    model.close();
    throw error;
  }
}
