import { ConfigError } from "../errors.js";
import type { BatchStates } from "../models/model.js";
import type { Features, Rows, SentenceModule } from "../models/sentences/features.js";
import { unit } from "../models/sentences/norms.js";
import { isPooling, POOLINGS, type Pooling, type PoolingModule, pooling } from "../models/sentences/pooling.js";
import type { Names } from "../options.js";
import { checkCount, checkTexts } from "./checks.js";
import { finiteRows } from "./numbers.js";
import { job, PIPELINE, type Pipeline, type PipelineOptions, type Place, type ReadyModel } from "./pipeline.js";
import { type PromptOptions, promptLength, promptOf } from "./prompts.js";
import { encodeTexts } from "./texts.js";

export { POOLINGS, type Pooling };

/** Settings of `embed`. */
export interface EmbedOptions extends PipelineOptions, PromptOptions {
  /**
   * How token states are pooled into one vector; the results of several poolings are concatenated. Replaces the pooling of a
   * sentence-transformers folder; its other modules still follow, unless they are not supported.
   * Default: as the model's files say, or "mean".
   */
  readonly pooling?: Pooling | readonly Pooling[] | undefined;
  /**
   * Whether to scale vectors to length 1, so that their inner product is their cosine similarity. With false, a `Normalize`
   * module at the end of the model's modules is skipped. Default: as the model's files say, or false.
   */
  readonly normalize?: boolean | undefined;
  /**
   * Truncates each vector to its first numbers, which are scaled again only if `normalize` is true. Default: as the
   * model's files say, or all.
   */
  readonly truncateDim?: number | undefined;
}

/** The names of {@link EmbedOptions}. */
export const EMBED: Names<EmbedOptions> = {
  ...{ ...PIPELINE, pooling: true, normalize: true, prompt: true, promptName: true, truncateDim: true },
};

/** Embeds each text as a vector, `[C]`. */
export const embed: Pipeline<string, [options?: EmbedOptions], Float32Array> = {
  options: EMBED,
  prepare(model, texts, options = {}) {
    const { sentences, tokenizer } = model;
    const modules = modulesOf(model, options);
    const truncateDim = options.truncateDim ?? sentences?.truncateDim;
    if (truncateDim !== undefined) checkCount("embed", "truncateDim", truncateDim);
    const { maxLength = longest(model), where } = options;
    const cased = (text: string) => (sentences?.lowerCase ? tokenizer.lowerCase(text) : text);
    const prompt = promptOf("embed", model, options);
    const prompted = checkTexts("embed", texts).map((text) => cased(prompt + text));
    const sequences = encodeTexts("embed", model, prompted, { maxLength, where });
    const before = promptLength(tokenizer, cased(prompt), maxLength);
    return job({
      sequences,
      read: (states, places) =>
        featuresOf(states, places, before).map((features) => {
          for (const module of modules) module.apply(features);
          const vector = Float32Array.from(features.sentence_embedding!.data).slice(0, truncateDim);
          return options.normalize === true ? unit(vector) : vector;
        }),
      finish: (found) => [...found],
    });
  },
};

/** Maximum tokens of a text. sentence-transformers' folders use the model's maximum, or less if a file says so. */
function longest({ sentences, tokenizer, config, trainedLength }: ReadyModel): number {
  if (!sentences) return trainedLength;
  return sentences.maxLength ?? Math.min(tokenizer.modelMaxLength ?? Infinity, config.max_position_embeddings);
}

/** The modules that turn token states into vectors: those of the model's files, changed by the call's options. */
function modulesOf({ sentences, sentenceModel }: ReadyModel, options: EmbedOptions): readonly SentenceModule[] {
  const modes = modesOf(options.pooling);
  if (!sentenceModel) return [pooling(modes ?? ["mean"])];
  if (sentences?.problem !== undefined) {
    if (modes) return [pooling(modes)];
    throw new ConfigError(`embed: ${sentences.problem}; name a pooling to embed without the folder's modules`);
  }
  const { modules } = sentenceModel;
  const chosen = options.normalize === false && sentences?.normalize ? modules.slice(0, -1) : modules;
  if (!modes) return chosen;
  const isPoolingModule = (one: SentenceModule): one is PoolingModule => one.makesVector === true;
  return chosen.map((one) => (isPoolingModule(one) ? pooling(modes, one.includePrompt) : one));
}

function modesOf(given: EmbedOptions["pooling"]): readonly Pooling[] | undefined {
  if (given === undefined) return undefined;
  const modes: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (modes.length > 0 && modes.every(isPooling)) return modes;
  throw new ConfigError(`embed: pooling is ${JSON.stringify(given)}, not one or several of ${POOLINGS.join(", ")}`);
}

/** The features of each text of a batch, which the modules turn into vectors. */
function featuresOf({ hidden, batch, head }: BatchStates, places: readonly Place[], before: number): Features[] {
  const states = finiteRows(hidden);
  const width = hidden.shape[1]!;
  const { offsets } = batch.packed;
  let pooled: ReturnType<typeof finiteRows> | undefined;
  const pooler = (row: number): Rows => {
    const { poolerOutput } = pooled ? {} : head();
    if (!pooled && !poolerOutput)
      throw new ConfigError('embed: the model has no pooler: load one that has, with head "base"');
    pooled ??= finiteRows(poolerOutput!);
    return { data: pooled(row), width };
  };
  return places.map(({ row }) => ({
    token_embeddings: { data: states(offsets[row]!, offsets[row + 1]!), width },
    promptLength: before,
    pooler: () => pooler(row),
  }));
}
